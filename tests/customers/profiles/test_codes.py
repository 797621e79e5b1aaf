"""Countries, currencies and languages are those of ISO 3166, 4217 and 639, however they are written."""

from __future__ import annotations

import pytest

from app.customers.profiles import codes, fields, people
from tests.factories.customers import a_customer, import_file


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((text, "DE") for text in ("DE", "de", "DEU", "276", "Germany", "deutschland", "Allemagne", "德国")),
        *(("USA", "US"), ("U.S.A.", "US"), ("United States", "US"), ("UK", "GB"), ("The Netherlands", "NL")),
        *(("Österreich", "AT"), ("Osterreich", "AT"), ("Côte d’Ivoire", "CI"), ("中国", "CN"), ("Hong Kong", "HK")),
        *((text, None) for text in ("Atlantis", "EU", "ZZ", "XX", "", "Europe")),
    ],
)
def test_a_country_is_found_by_code_or_name(text, code):
    assert codes.find_country(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("EUR", "EUR"), ("eur ", "EUR"), ("€", "EUR"), ("RMB", "CNY"), ("XAF", "XAF")),
        *((text, None) for text in ("XYZ", "ZZZ", "XXX", "XTS", "XAU", "EURO", "")),
    ],
)
def test_a_currency_is_found_by_code_or_sign(text, code):
    assert codes.find_currency(text) == code


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        *(("de", "de"), ("de_AT", "de-AT"), ("EN-us", "en-US"), ("zh-hans-cn", "zh-Hans-CN"), ("en-US.UTF-8", "en-US")),
        *(("German", "de"), ("Deutsch", "de"), ("français", "fr"), ("德语", "de"), ("中文", "zh")),
        *((text, None) for text in ("xx", "tea", "", "de DE AT")),
    ],
)
def test_a_language_is_found_by_code_or_name(text, tag):
    assert codes.find_language(text) == tag


def test_a_time_zone_is_found_as_other_programs_write_it():
    assert codes.find_time_zone("europe/berlin") == "Europe/Berlin"
    assert codes.find_time_zone("america_slash_new_york") == "America/New_York"
    assert codes.find_time_zone("Mars/Base") is None


def test_a_country_nobody_knows_is_refused_and_the_others_are_kept_by_code(session, workspace):
    assert a_customer(session, workspace.id, country="Germany", language="Deutsch").country == "DE"
    for name in ("country", "language"):
        with pytest.raises(fields.ValueRefused) as refused:
            a_customer(session, workspace.id, **{name: "Atlantis"})
        assert refused.value.field == name


def test_a_file_gives_back_rows_of_countries_nobody_knows(database, workspace):
    rows = "ada@example.com,Germany,german\nbob@example.com,Atlantis,\neve@example.com,,tea\n"
    done = import_file(database, workspace.id, "email,country,language\n" + rows)

    assert done.counts == {"created": 1, "refused": 2}
    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@example.com")
    assert (ada.country, ada.language) == ("DE", "de")
