"""A certificate authority and the certificate that signs webhooks, made at the first start."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: What the sandbox's certificate is made out to.
HOST = "messageverificationcerts.sandbox.paypal.com"
_AHEAD = timedelta(days=3650)


class Certificates:
    """``root`` is what verifiers trust; ``chain`` is served; ``sign`` uses the key."""

    def __init__(self, data: Path) -> None:
        self._key_path = data / "paypal-key.pem"
        self._chain_path, self._root_path = data / "paypal-cert.pem", data / "paypal-root.pem"
        if not self._root_path.exists():
            self._make()
        key = serialization.load_pem_private_key(self._key_path.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("no RSA key")
        self._key = key

    @property
    def root(self) -> bytes:
        return self._root_path.read_bytes()

    @property
    def chain(self) -> bytes:
        return self._chain_path.read_bytes()

    @property
    def name(self) -> str:
        leaf = x509.load_pem_x509_certificate(self.chain)
        return f"CERT-{leaf.serial_number % 10**8:08d}-{leaf.serial_number % 10**9:09d}"

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def _make(self) -> None:
        root_key, root = authority("Simulated PayPal Root")
        key, leaf = issue(root_key, root, HOST)
        self._key_path.touch(mode=0o600)
        self._key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self._chain_path.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        self._root_path.write_bytes(root.public_bytes(serialization.Encoding.PEM))


def authority(name: str) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A key and the certificate with which it vouches for itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        _begun(subject, subject, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(is_authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def issue(
    root_key: rsa.RSAPrivateKey, root: x509.Certificate, host: str
) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A key, and the authority's certificate for it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    certificate = (
        _begun(subject, root.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(is_authority=False), critical=True)
        .add_extension(names, critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return key, certificate


def _begun(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey
) -> x509.CertificateBuilder:
    now = datetime.fromtimestamp(time.time(), UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + _AHEAD)
    )


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
