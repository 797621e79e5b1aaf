"""DMARC policies are found by the tree walk of RFC 9989, not by a list of public suffixes."""

from __future__ import annotations

import pytest

from app.accounts.identities import dmarc, resolver, spf
from tests.factories.servers.name_server import a_name_server


def walked(records: dict, domain: str) -> tuple[dmarc.Walk, list[str]]:
    with a_name_server({f"_dmarc.{name}": record for name, record in records.items()}) as server:
        return dmarc.walk(resolver.Resolver((server.address,)), domain), server.asked


@pytest.mark.parametrize(
    ("records", "domain", "organisation", "name", "asks"),
    [
        ({"shop.test": "v=DMARC1; p=reject"}, "shop.test", "shop.test", "shop.test", "reject"),
        ({"shop.test": "v=DMARC1; p=reject"}, "mail.shop.test", "shop.test", "shop.test", "reject"),
        ({"shop.test": "v=DMARC1; p=none; sp=quarantine"}, "mail.shop.test", "shop.test", "shop.test", "quarantine"),
        (
            {"shop.test": "v=DMARC1; p=reject", "mail.shop.test": "v=DMARC1; p=none"},
            "mail.shop.test", "shop.test", "mail.shop.test", "none",
        ),
        ({"co.test": "v=DMARC1; p=reject; psd=y"}, "mail.shop.co.test", "shop.co.test", "co.test", "reject"),
        (
            {"mail.shop.test": "v=DMARC1; p=none; psd=n", "shop.test": "v=DMARC1; p=reject"},
            "a.mail.shop.test", "mail.shop.test", "mail.shop.test", "none",
        ),
        ({"shop.test": "v=DMARC1; rua=mailto:d@shop.test"}, "shop.test", "shop.test", "shop.test", "none"),
        ({"shop.test": "v=DMARC1; p=bogus"}, "shop.test", "shop.test", None, None),
        ({"shop.test": "p=reject; v=DMARC1"}, "shop.test", "shop.test", None, None),
        ({"shop.test": ["v=DMARC1; p=reject", "v=DMARC1; p=none"]}, "shop.test", "shop.test", None, None),
        ({"shop.test": ["site-proof=x", "v=DMARC1; p=none"]}, "shop.test", "shop.test", "shop.test", "none"),
        ({}, "mail.shop.test", "mail.shop.test", None, None),
    ],
)  # fmt: skip
def test_the_policy_that_holds_is_found_by_walking_up(records, domain, organisation, name, asks):
    found, _ = walked(records, domain)

    assert found.organisation == organisation
    assert (found.policy.name, found.policy.asks) == (f"_dmarc.{name}", asks) if name else found.policy is None


def test_a_name_of_many_labels_costs_few_questions():
    """From eight labels on the walk goes on at seven (RFC 9989, 4.10): a long name is no amplifier."""
    domain = ".".join(f"l{number}" for number in range(40)) + ".test"

    _, asked = walked({}, domain)

    assert len(asked) == 8


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ({"shop.test": "v=spf1 include:us.test ~all"}, (True, False, False)),
        ({"shop.test": "v=spf1 include:o.test ~all", "o.test": "v=spf1 include:us.test -all"}, (True, False, False)),
        ({"shop.test": "v=spf1 redirect=o.test", "o.test": "v=spf1 include:us.test -all"}, (True, False, False)),
        ({"shop.test": "v=spf1 -include:us.test ~all"}, (False, False, False)),
        ({"shop.test": "v=spf1 ip4:192.0.2.1 +all"}, (False, True, False)),
        ({"shop.test": "v=spf1 " + " ".join(f"a:h{n}.test" for n in range(11))}, (False, False, True)),
        ({"shop.test": "v=spf1 include:shop.test include:us.test"}, (False, False, True)),
        ({"shop.test": ["v=spf1 -all", "v=spf1 ~all"]}, (False, False, False)),
        ({"shop.test": "v=spf10 include:us.test"}, (False, False, False)),
    ],
)  # fmt: skip
def test_an_spf_record_is_read_with_what_it_includes(records, said):
    with a_name_server(records) as server:
        read = spf.read(resolver.Resolver((server.address,)), "shop.test", looking_for="include:us.test")

    assert (read.permits, read.permits_everybody, read.asks_too_much) == said
    assert len(server.asked) < 15
