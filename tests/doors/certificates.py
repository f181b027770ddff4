"""Certificates for listeners of tests: signed by themselves, for 127.0.0.1."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

__all__ = ["Pair", "new_pair", "put"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, in PEM."""

    cert: bytes
    key: bytes
    serial: int


def new_pair(kind: Literal["ec", "rsa"] = "ec", password: bytes | None = None) -> Pair:
    """Make a certificate that is its own authority, good for a day; `password` encrypts its key."""
    key = (
        ec.generate_private_key(ec.SECP256R1())
        if kind == "ec"
        else rsa.generate_private_key(65537, 2048)
    )
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "keystead tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    locked = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return Pair(
        certificate.public_bytes(pem),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, locked),
        certificate.serial_number,
    )


def put(folder: Path, *, cert: bytes | None = None, key: bytes | None = None) -> tuple[Path, Path]:
    """Put new contents in the place of `cert.pem` and `key.pem`, each at once; return the two paths."""
    for name, content in (("cert.pem", cert), ("key.pem", key)):
        if content is not None:
            aside = folder / f".{name}"
            aside.write_bytes(content)
            aside.replace(folder / name)
    return folder / "cert.pem", folder / "key.pem"
