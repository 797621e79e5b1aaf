"""Signatures of webhooks: HMAC-SHA256 over the bytes as they came, in the way of each kind of shop."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from app.kernel.refusals import Refusal
from app.kernel.translatable import english

# A signature with a time in it is good for so long (Standard Webhooks).
TOLERANCE = timedelta(minutes=5)
LONGEST = 200


class Unsigned(Refusal):
    """Nothing in the headers signs the body."""

    status = 401
    message = english("The request is not signed.")


class WronglySigned(Refusal):
    """The signature is not that of these bytes under this connection's secret."""

    status = 401
    message = english("The signature does not fit the body.")


class TooOld(Refusal):
    """The signed time lies too far from now: this may be an old request sent once more."""

    status = 400
    message = english("The signed time is more than five minutes from now.")


@dataclass(frozen=True)
class Incoming:
    """A webhook before anything is known of it: headers with names in small letters, and the bytes of the body."""

    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value, empty where there is none; none of ours is longer."""
        return self.headers.get(name, "").strip()[:LONGEST]


@dataclass(frozen=True)
class Signed:
    """What the headers of a signed webhook say: its topic and its number."""

    topic: str
    ref: str


def verify(kind: str, incoming: Incoming, secret: bytes, *, now: datetime) -> Signed:
    """Check the signature and return what the headers say; raise Unsigned, WronglySigned, TooOld."""
    return _KINDS[kind](incoming, secret, now)


def _shopify(incoming: Incoming, secret: bytes, _now: datetime) -> Signed:
    _compare(incoming.header("x-shopify-hmac-sha256"), incoming.body, secret)
    ref = incoming.header("x-shopify-webhook-id") or _digest(incoming)
    return Signed(incoming.header("x-shopify-topic"), ref)


def _woocommerce(incoming: Incoming, secret: bytes, _now: datetime) -> Signed:
    _compare(incoming.header("x-wc-webhook-signature"), incoming.body, secret)
    # Its delivery id is one of the webhook and the second: of two within a second, the bodies tell them apart.
    ref = f"{incoming.header('x-wc-webhook-delivery-id')} {_digest(incoming)}".strip()
    return Signed(incoming.header("x-wc-webhook-topic"), ref)


def _webhook(incoming: Incoming, secret: bytes, now: datetime) -> Signed:
    """Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature), or X-Signature-256 over the body alone."""
    topic = incoming.header("x-webhook-topic")
    ref = incoming.header("webhook-id") or incoming.header("x-webhook-id")
    given = incoming.header("webhook-signature")
    if not given:
        plain = incoming.header("x-signature-256").removeprefix("sha256=")
        if not plain:
            raise Unsigned
        if not hmac.compare_digest(plain.lower().encode(), _mac(incoming.body, secret).hex().encode()):
            raise WronglySigned
        return Signed(topic, ref or _digest(incoming))
    at = incoming.header("webhook-timestamp")
    content = b".".join((ref.encode(), at.encode(), incoming.body))
    wanted = b64encode(_mac(content, _standard_key(secret)))
    offered = [each.partition(",")[2].encode() for each in given.split() if each.startswith("v1,")]
    if not any(hmac.compare_digest(each, wanted) for each in offered):
        raise WronglySigned
    if not at.isascii() or not at.isdigit() or abs(int(at) - now.timestamp()) > TOLERANCE.total_seconds():
        raise TooOld
    return Signed(topic, ref or _digest(incoming))


def _standard_key(secret: bytes) -> bytes:
    """Return the key that Standard Webhooks writes as `whsec_` and base64."""
    if not secret.startswith(b"whsec_"):
        return secret
    try:
        return b64decode(secret.removeprefix(b"whsec_"), validate=True)
    except (Base64Error, ValueError):
        return secret


def _compare(given: str, body: bytes, secret: bytes) -> None:
    if not given:
        raise Unsigned
    try:
        offered = b64decode(given, validate=True)
    except (Base64Error, ValueError):
        raise WronglySigned from None
    if not hmac.compare_digest(offered, _mac(body, secret)):
        raise WronglySigned


def _mac(content: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, content, sha256)


def _digest(incoming: Incoming) -> str:
    """A number for what has none: the same bytes are the same delivery."""
    return sha256(incoming.body).hexdigest()


_KINDS = {"shopify": _shopify, "woocommerce": _woocommerce, "webhook": _webhook}
