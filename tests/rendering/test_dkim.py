"""Signatures of our own making, judged by someone else's verifier."""

import re
from datetime import UTC, datetime

import dkim as verifier
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.rendering import compiler, dkim, mime
from bench import render as bench

DATE = mime.date_header(datetime.now(UTC))


@pytest.fixture(scope="module")
def keys():
    return {"r1": dkim.new_rsa_key(), "e1": dkim.new_ed25519_key()}


@pytest.fixture
def zone(keys):
    """Answer like the DNS of a sender who published both keys."""

    def answer(name, timeout=5):
        selector = name.decode().split(".")[0]
        return keys[selector].txt_record.encode()

    return answer


def signed(keys, *selectors, number=1):
    signers = [dkim.Signer("garden.example", selector, keys[selector].private_pem) for selector in selectors]
    message = compiler.compile_content(bench.sample_content(), stream=bench.sample_stream(*signers))
    *_, (person, slots) = bench.sample_people(number)
    return message.render(person, slots, date=DATE)


@pytest.mark.parametrize("selector", ["r1", "e1"])
@pytest.mark.parametrize("number", range(1, 11))
def test_an_independent_verifier_accepts_the_signature(keys, zone, selector, number):
    """Ten people, among them names outside ASCII and with HTML in them."""
    assert verifier.verify(signed(keys, selector, number=number), dnsfunc=zone)


def test_a_message_may_carry_both_signatures(keys, zone):
    raw = signed(keys, "r1", "e1")

    assert raw.count(b"DKIM-Signature:") == 2
    assert verifier.DKIM(raw).verify(idx=0, dnsfunc=zone)
    assert verifier.DKIM(raw).verify(idx=1, dnsfunc=zone)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: ", b"Subject: x"),
        (b"List-Unsubscribe: <", b"List-Unsubscribe: <x"),
        (b"Reply-To: ", b"Reply-To: x"),
        (b"\r\nMessage-ID: <", b"\r\nSubject: second\r\nMessage-ID: <"),
        (b"\r\nMessage-ID: <", b"\r\nFrom: evil@x.example\r\nMessage-ID: <"),
        (b"<h1>", b"<h2>"),
    ],
)
def test_a_change_on_the_way_breaks_it(keys, zone, old, new):
    """Headers are signed once more than they occur, so that a second one breaks the signature too."""
    raw = signed(keys, "r1")
    changed = raw.replace(old, new, 1)

    assert changed != raw
    assert not verifier.verify(changed, dnsfunc=zone)


def test_all_that_identifies_the_mail_is_signed_twice(keys):
    raw = signed(keys, "r1")
    signature = raw.split(b"\r\nFrom:")[0]
    names = re.sub(rb"\s", b"", re.search(rb"h=(.*?);", signature, re.DOTALL)[1]).split(b":")

    assert all(names.count(name) == 2 for name in dkim.OVERSIGNED)
    assert b"l=" not in signature.replace(b"relaxed", b"")
    assert b"x=" in signature


def test_a_key_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="RSA"):
        dkim.Signer("x.example", "s", _ec_key())


def _ec_key():
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
