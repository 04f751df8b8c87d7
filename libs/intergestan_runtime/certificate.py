"""When the certificate of a server ends that we are connected to."""

from __future__ import annotations

import socket
import ssl


def certificate_end(sock: socket.socket | None) -> float | None:
    """In seconds since 1970; None without TLS, or where nobody verified the certificate."""
    if not isinstance(sock, ssl.SSLSocket):
        return None
    certificate = sock.getpeercert()
    if not certificate:
        return None
    return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))
