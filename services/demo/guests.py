"""Two mailboxes on the demo's mail server that are none of its sites': for who tries `intergestan setup` beside it.

Their way is the one of a real account: TLS, with a certificate of an authority of the demo's own.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from intergestan_operations.opening.keys import write_private

ADDRESSES = ("appros@depot.example", "commandes@shop.example")
_NAMES = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
_DAYS = 397
"""For how many days the certificates are good, which is the most that browsers take."""


@dataclass(frozen=True, slots=True)
class Guests:
    """Who may come.

    :ivar passwords: by mail address. :ivar ca_file: the certificate to trust; `certificate` and `key`: the server's.
    """

    passwords: Mapping[str, str]
    ca_file: Path
    certificate: Path
    key: Path


def invite(folder: Path) -> Guests:
    """Passwords, an authority whose key nobody keeps, and a certificate for this machine; new files in the folder."""
    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer, key_of = _name("Intergestan demo"), authority.public_key()
    ca = (
        _begun(issuer, key_of, issuer, key_of)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_signs_certificates(), critical=True)
        .sign(authority, hashes.SHA256())
    )
    certificate = (
        _begun(_name("localhost"), server.public_key(), issuer, key_of)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(_NAMES), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(authority, hashes.SHA256())
    )
    guests = Guests(
        {address: secrets.token_urlsafe(9) for address in ADDRESSES},
        folder / "ca.pem",
        folder / "mail-server.pem",
        folder / "mail-server.key",
    )
    pem = serialization.Encoding.PEM
    write_private(guests.ca_file, ca.public_bytes(pem))
    write_private(guests.certificate, certificate.public_bytes(pem))
    plain = serialization.NoEncryption()
    write_private(guests.key, server.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return guests


def _begun(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name, key_of_issuer: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """What both certificates have; with all that a strict client asks of them (RFC 5280 §4.2.1)."""
    start = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=_DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key_of_issuer), critical=False)
    )


def _signs_certificates() -> x509.KeyUsage:
    others = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    never = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, **never)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
