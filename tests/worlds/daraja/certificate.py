"""The environment's RSA certificate, and reading what clients encrypted for it.

A client sends ``SecurityCredential = base64(RSA-PKCS1v1.5(public key, initiator password))``. The
private key never leaves this process's data folder.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_COMMON_NAME = "simulated.daraja.local"


class Certificate:
    """A key pair made at the first start and kept beside the books."""

    def __init__(self, data: Path) -> None:
        self.path = data / "daraja-cert.pem"
        key_path = data / "daraja-key.pem"
        if not (self.path.exists() and key_path.exists()):
            _generate(self.path, key_path)
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{key_path} holds no RSA key")
        self._key = key

    def pem(self) -> bytes:
        return self.path.read_bytes()

    def decrypt(self, credential: str) -> bytes | None:
        """The password inside a SecurityCredential, or nothing when it was not made for us."""
        try:
            return self._key.decrypt(
                base64.b64decode(credential, validate=True), padding.PKCS1v15()
            )
        except (binascii.Error, ValueError):
            return None


def _generate(certificate_path: Path, key_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _COMMON_NAME)])
    # Expired on purpose: both certificates that Safaricom publishes are, and clients must not mind.
    start = datetime(2017, 1, 1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    key_path.touch(mode=0o600)
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
