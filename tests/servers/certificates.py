"""A certificate authority of the tests, and server certificates: a good one and those to refuse."""

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = dt.timedelta(days=1)
_HERE = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
_ELSEWHERE = (x509.DNSName("elsewhere.test"),)
_SIGNS_CERTIFICATES = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, PEM files."""

    certificate_file: Path
    key_file: Path

    def server_context(self) -> ssl.SSLContext:
        """What a server presents itself with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate_file, self.key_file)
        return context


class Certificates:
    """Files in `folder`, made when first asked for (EC P-256, valid from yesterday for ten days)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ca_key = ec.generate_private_key(ec.SECP256R1())
        self._ca = _sign(_name("Test CA"), self._ca_key.public_key(), _name("Test CA"), self._ca_key)
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(self._ca.public_bytes(serialization.Encoding.PEM))

    def client_context(self) -> ssl.SSLContext:
        """What a client that trusts this CA, and checks the host name, connects with."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    @cached_property
    def good(self) -> Certificate:
        """For localhost and 127.0.0.1."""
        return self._issue("good", hosts=_HERE)

    @cached_property
    def expired(self) -> Certificate:
        """Was good until yesterday."""
        return self._issue("expired", hosts=_HERE, age=11 * _DAY)

    @cached_property
    def wrong_host(self) -> Certificate:
        """For elsewhere.test."""
        return self._issue("wrong-host", hosts=_ELSEWHERE)

    @cached_property
    def self_signed(self) -> Certificate:
        """For localhost, signed by nobody."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._write(
            "self-signed",
            key,
            _sign(_name("localhost"), key.public_key(), _name("localhost"), key, hosts=_HERE),
        )

    def for_hosts(self, *names: str) -> Certificate:
        """For servers with these names."""
        return self._issue("hosts", hosts=tuple(map(x509.DNSName, names)))

    def _issue(self, name: str, *, hosts: tuple[x509.GeneralName, ...], age: dt.timedelta = _DAY) -> Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _sign(_name(name), key.public_key(), self._ca.subject, self._ca_key, hosts=hosts, age=age)
        return self._write(name, key, signed)

    def _write(self, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Certificate:
        files = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        files.certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files.key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return files


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _sign(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    hosts: tuple[x509.GeneralName, ...] = (),
    age: dt.timedelta = _DAY,
) -> x509.Certificate:
    """A server certificate for `hosts`; the certificate of an authority when there are none."""
    start = dt.datetime.now(dt.UTC) - age
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + 10 * _DAY)
        .add_extension(x509.BasicConstraints(ca=not hosts, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not hosts:  # Python 3.13 trusts no authority that does not say so
        builder = builder.add_extension(_SIGNS_CERTIFICATES, critical=True)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
    return builder.sign(issuer_key, hashes.SHA256())
