"""Golden case 5, the part of permission: a file gives nobody consent that it cannot prove."""

from datetime import timedelta

import pytest

from app.consent import actions, permission, suppression
from app.consent.imports import consents
from app.consent.imports.consents import Claim, ImportTerms
from app.consent.ledger import proof
from app.consent.ledger.evidence import Evidence
from app.customers.profiles import people
from tests.factories import NOON
from tests.factories.consent import consented_customer


@pytest.fixture
def ada(session, workspace):
    return people.upsert(session, workspace.id, email="ada@example.com", fields={}, source="import", now=NOON)


@pytest.fixture
def claim(ada):
    """A row that proves everything it must."""
    return Claim(
        customer_id=ada.id,
        row=7,
        address="Ada@example.com",
        address_digest=ada.address_digest,
        consented_at=NOON - timedelta(days=400),
        terms=ImportTerms("paper form", "news", ("marketing", "profiling"), "Yes, send me your news."),
    )


def but(claim, **lack):
    """Return the claim with other terms, or at another time."""
    terms = {name: value for name, value in lack.items() if name in ImportTerms._fields}
    rest = {name: value for name, value in lack.items() if name not in terms}
    return claim._replace(terms=claim.terms._replace(**terms), **rest)


def record(session, workspace, *claims):
    return consents.record_many(
        session, workspace.id, "import 3, people.csv", claims, NOON, file_sha256="f" * 64, staff_id=9
    )


def may_mail(session, workspace, person):
    return permission.allows(
        session, workspace.id, person.id, purpose="marketing", topic_id=workspace.topic_id, now=NOON
    )


def test_a_proven_row_gives_consent_and_its_proof(session, workspace, ada, claim):
    [outcome] = record(session, workspace, claim)

    assert (outcome.granted, outcome.reasons) == (2, [])
    assert may_mail(session, workspace, ada)
    shown = proof.of_customer(session, workspace.id, ada.id)[-1]
    assert shown.is_sealed
    assert shown.wording == "Yes, send me your news."
    assert (shown.row, shown.file_sha256, shown.happened_at[:10]) == (7, "f" * 64, "2025-01-26")
    assert shown.personal == {"address": "Ada@example.com"}


@pytest.mark.parametrize(
    ("lack", "reason"),
    [
        ({"consented_at": None}, consents.NO_TIME),
        ({"consented_at": NOON + timedelta(days=1)}, consents.IN_FUTURE),
        ({"method": " "}, consents.NO_METHOD),
        ({"wording": ""}, consents.NO_WORDING),
        ({"topic": "unknown", "purposes": ("marketing",)}, consents.NO_TOPIC),
        ({"purposes": ("telepathy",)}, consents.NO_PURPOSE),
        ({"address_digest": b"another mailbox"}, consents.OTHER_ADDRESS),
        ({"address_digest": None}, consents.OTHER_ADDRESS),
    ],
)
def test_a_row_that_lacks_proof_gives_nothing_and_says_why(session, workspace, ada, claim, lack, reason):
    [outcome] = record(session, workspace, but(claim, **lack))

    assert (outcome.granted, outcome.reasons) == (0, [reason])
    assert permission.state_of(session, workspace.id, ada.id) == []


@pytest.mark.parametrize("leave", [actions.withdraw, actions.leave_all, actions.object_all, actions.complain])
def test_a_file_never_brings_back_who_left(session, workspace, claim, leave):
    """Whatever is older or newer: unsubscribed wins."""
    ada = consented_customer(session, workspace.id)
    leave(session, workspace.id, ada.id, evidence=Evidence(method="one_click"), now=NOON)
    [outcome] = record(session, workspace, but(claim, consented_at=NOON, purposes=("marketing",)))

    assert outcome.granted == 0
    assert outcome.reasons[0] in (consents.SAID_NO_HERE, consents.SUPPRESSED)
    assert not may_mail(session, workspace, ada)


def test_a_suppressed_address_is_refused(session, workspace, ada, claim):
    suppression.add(session, workspace.id, address_digest=ada.address_digest, reason="bounced", source="test", now=NOON)
    [outcome] = record(session, workspace, claim)

    assert outcome.reasons == [consents.SUPPRESSED]


def test_importing_a_file_again_records_nothing_twice(session, workspace, claim):
    record(session, workspace, claim)
    [again] = record(session, workspace, claim)

    assert (again.granted, set(again.reasons)) == (0, {consents.ALREADY})


def test_a_text_used_by_many_rows_is_stored_once(session, workspace, claim):
    bob = people.upsert(session, workspace.id, email="bob@example.com", fields={}, source="import", now=NOON)
    record(session, workspace, claim, claim._replace(customer_id=bob.id, row=8, address_digest=bob.address_digest))

    notices = {
        row.consent_text_id
        for person in (claim.customer_id, bob.id)
        for row in permission.state_of(session, workspace.id, person)
    }
    assert len(notices) == 1


def test_where_somebody_agreed_is_kept_as_proof(session, workspace, ada, claim):
    """The page in the record for ever, the network address beside it, shortened."""
    record(session, workspace, but(claim, page="https://shop.example/join", ip="198.51.100.77"))

    shown = proof.of_customer(session, workspace.id, ada.id)[-1]
    assert shown.page == "https://shop.example/join"
    assert shown.personal == {"address": "Ada@example.com", "ip": "198.51.100.0/24"}
    assert shown.is_sealed
