"""DKIM signatures (RFC 6376, RFC 8463) over messages built here.

Canonicalisation is relaxed/simple. The body needs none of it: the compiler writes every line with CRLF and ends with
exactly one, so its SHA-256 is taken as it stands and shared by all signatures of a message.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import idna
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

# Named once more than they occur, so that nobody can add another one on the way (RFC 6376 section 8.15).
OVERSIGNED = (
    b"from to subject date message-id reply-to list-unsubscribe list-unsubscribe-post list-id feedback-id"
).split()
SIGNED = (*OVERSIGNED, b"auto-submitted", b"mime-version", b"content-type")
VALID_FOR = timedelta(days=7)
_VALID_FOR = int(VALID_FOR.total_seconds())
_PADDING, _HASH = padding.PKCS1v15(), hashes.SHA256()

Header = tuple[bytes, bytes]


@dataclass(frozen=True)
class KeyPair:
    """A new signing key: what we keep, and the TXT record's value the sender publishes."""

    private_pem: str
    txt_record: str


class Signer:
    """Signs for one domain and selector with one key, RSA or Ed25519."""

    def __init__(self, domain: str, selector: str, private_pem: str | bytes) -> None:
        """Load the key; raise ValueError when it is neither RSA of 1,024 bits or more nor Ed25519."""
        pem = private_pem.encode() if isinstance(private_pem, str) else private_pem
        key = serialization.load_pem_private_key(pem, password=None)
        if isinstance(key, rsa.RSAPrivateKey) and key.key_size < 1024:
            raise ValueError("a DKIM key needs 1,024 bits or more")
        if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
            raise ValueError("a DKIM key is RSA or Ed25519")
        self._key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey = key
        # So slow, and lets other threads of the interpreter go on meanwhile, that it is worth a thread of its own.
        self.is_slow = isinstance(key, rsa.RSAPrivateKey)
        algorithm = b"rsa-sha256" if isinstance(key, rsa.RSAPrivateKey) else b"ed25519-sha256"
        self.domain, self.selector = domain, selector
        self._start = b"v=1; a=%s; c=relaxed/simple; d=%s;\r\n s=%s; " % (
            algorithm,
            idna.encode(domain, uts46=True),
            selector.encode("ascii"),
        )

    def sign(self, names: bytes, signed: bytes, body_hash: bytes, *, at: int) -> bytes:
        """Return one folded ``DKIM-Signature`` header line with its CRLF; `at` is the Unix time of signing.

        `names` and `signed` are what `canonical` says of the message's headers.
        """
        value = b"%st=%d; x=%d;\r\n h=%s;\r\n bh=%s;\r\n b=" % (self._start, at, at + _VALID_FOR, names, body_hash)
        signature = b64encode(self._sign(signed + b"dkim-signature:" + value.replace(b"\r\n", b"")))
        folded = b"\r\n ".join(signature[start : start + 72] for start in range(0, len(signature), 72))
        return b"DKIM-Signature: " + value + folded + b"\r\n"

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, _PADDING, _HASH)
        return self._key.sign(sha256(data).digest())


def body_hash(body: bytes) -> bytes:
    """Return the base64 SHA-256 of a body that ends with exactly one CRLF."""
    return b64encode(sha256(body).digest())


def new_rsa_key() -> KeyPair:
    """Make an RSA key of 2,048 bits."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(_pem(key), f"v=DKIM1; k=rsa; p={b64encode(public).decode()}")


def new_ed25519_key() -> KeyPair:
    """Make an Ed25519 key; it goes beside an RSA signature, never alone, as some mailboxes cannot read it."""
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return KeyPair(_pem(key), f"v=DKIM1; k=ed25519; p={b64encode(public).decode()}")


def _pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def canonical(headers: Sequence[Header]) -> tuple[bytes, bytes]:
    """Return the ``h=`` list, folded, three names to a line, and the relaxed form of the signed headers."""
    signed = [(name.lower(), value) for name, value in headers if name.lower() in SIGNED]
    listed = [*(name for name, _ in signed), *OVERSIGNED]
    rows = [b":".join(listed[start : start + 3]) for start in range(0, len(listed), 3)]
    lines = [b"%b:%b" % (name, relaxed(value)) for name, value in signed]
    return b":\r\n ".join(rows), b"\r\n".join(lines) + b"\r\n"


def relaxed(value: bytes) -> bytes:
    """Return a header's value on one line with single spaces, as most of ours are already."""
    return b" ".join(value.split()) if b"\r" in value or b"  " in value or b"\t" in value else value.strip()
