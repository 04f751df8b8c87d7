"""Asks a service of this machine how it is: ``python -m intergestan_runtime.probe SERVICE [live|ready]``.

For containers, whose image has no curl. The port is that of INTERGESTAN_<SERVICE>__HEALTH_PORT. Exit code 0 where
all is well, else 1 and what is wrong. Only the standard library: it runs every few seconds.
"""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Sequence

SECONDS = 4.0
LOOPBACK = "127.0.0.1"  # a service that listens on all addresses listens on this one, too


def problem(port: int, path: str) -> str | None:
    """What is wrong with the service that listens on this port; None where nothing is."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"Nothing answers on port {port}: {error!r}"
    finally:
        connection.close()
    return None if answer.status == http.client.OK else body


def main(arguments: Sequence[str]) -> str | None:
    """What is wrong, for `sys.exit`."""
    service, path = arguments[0], arguments[1] if len(arguments) > 1 else "live"
    variable = f"INTERGESTAN_{service.upper()}__HEALTH_PORT"
    port = os.environ.get(variable, "")
    if not port.isdecimal():
        return f"Set {variable} to the port of the service's /live and /ready."
    return problem(int(port), f"/{path}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
