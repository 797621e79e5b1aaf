"""What other programs and other languages write is understood without being told; nothing is guessed without ground."""

from __future__ import annotations

import pytest

from app.customers.imports.mapping import guessing, mapping
from app.customers.imports.parsing import encodings, reading
from app.customers.models import CustomField
from app.customers.profiles import fields

MAILCHIMP = (
    '"Email Address","First Name","Last Name",Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,'
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
    'ada@example.com,Ada,King,05/17,4,,,"2024-03-01 12:00:00",203.0.113.9,52.5,13.4,1,2,Europe/Berlin,de,be,'
    '"2024-03-02 10:00:00",123,abc,,"""vip"",""new"""\n'
)
KLAVIYO = (
    "Email,Klaviyo ID,First Name,Last Name,Organization,City,Country,Email Marketing Consent,$consent_method,"
    "$consent_timestamp,Email Suppressions,Locale,Source\n"
    "ada@example.com,01H,Ada,King,,London,United Kingdom,NEVER_SUBSCRIBED,,,[],en-GB,-6\n"
    "bob@example.com,01J,Bob,Lee,,Leeds,United Kingdom,SUBSCRIBED,form,2024-03-01T12:00:00+00:00,,en-GB,-6\n"
)
HUBSPOT = (
    "Record ID - Contact,First Name,Last Name,Email,Phone Number,Country/Region,City,Time Zone,"
    "Unsubscribed from all email,Marketing contact status,Create Date\n"
    "101,Ada,King,ada@example.com,,Germany,Berlin,europe_slash_berlin,,Marketing contact,2024-03-01 12:00\n"
    "102,Bob,Lee,bob@example.com,,Germany,Bonn,,true,Non-marketing contact,2024-03-02 12:00\n"
)
BREVO = (
    "CONTACT ID;EMAIL;LASTNAME;FIRSTNAME;SMS;DOUBLE_OPT-IN;OPT_IN_DATE;EMAIL_BLACKLISTED\n"
    "7;ada@example.com;King;Ada;;Yes;31-03-2024 12:00:00;No\n8;bob@example.com;Lee;Bob;;No;;Yes\n"
)
SHOPIFY = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address City,"
    "Default Address Country Code,Total Spent,Total Orders,Note,Tax Exempt,Tags\n"
    "'7001,Ada,King,ada@example.com,yes,,London,GB,12.50,1,,no,\"vip, new\"\n"
)
GERMAN = (
    "Kundennr.;E-Mail-Adresse;Vorname;Nachname;Ort;Land;Einwilligung;Einwilligung am;Einwilligungstext;Anmeldequelle\n"
    "7;ada@example.com;Ada;König;Köln;Deutschland;ja;31.03.2024;Ja, ich will;Startseite\n"
    "8;bob@example.com;Bob;Groß;Wien;Österreich;nein;01.04.2024;;\n"
)
CHINESE = "邮箱,姓名,城市,国家,是否同意,同意时间,同意方式\nada@example.com,张伟,北京,中国,是,2024年3月31日,网页表单\n"


def guessed(content, kind="people", custom=()):
    sample = content if isinstance(content, bytes) else content.encode()
    laid_out = reading.layout(sample, encodings.guess(sample))
    header, *rows = reading.sample_rows(sample, laid_out, limit=100)
    choices = [(name, name) for name in (mapping.PURCHASES if kind == "purchases" else mapping.PEOPLE)]
    choices += [(f"custom.{field.key}", field.label) for field in custom]
    found = guessing.columns(header, choices, rows, custom)
    return {header[int(place)]: target for place, target in found.items()}


def test_mailchimp():
    assert guessed(MAILCHIMP) == {
        "Email Address": "email", "First Name": "first_name", "Last Name": "last_name", "TIMEZONE": "time_zone",
        "CONFIRM_TIME": "consented_at", "CONFIRM_IP": "consent_ip", "CC": "country", "TAGS": "tags",
    }


def test_klaviyo():
    assert guessed(KLAVIYO) == {
        "Email": "email", "First Name": "first_name", "Last Name": "last_name", "City": "city", "Country": "country",
        "Email Marketing Consent": "consent", "$consent_method": "consent_method", "Locale": "language",
        "$consent_timestamp": "consented_at", "Email Suppressions": "unsubscribed",
    }


def test_hubspot_and_its_billing_status_is_no_consent():
    assert guessed(HUBSPOT) == {
        "Record ID - Contact": "external_ref", "First Name": "first_name", "Last Name": "last_name", "Email": "email",
        "Country/Region": "country", "City": "city", "Time Zone": "time_zone",
        "Unsubscribed from all email": "unsubscribed", "Phone Number": "phone_numbers",
    }


def test_brevo():
    assert guessed(BREVO) == {
        "CONTACT ID": "external_ref", "EMAIL": "email", "LASTNAME": "last_name", "FIRSTNAME": "first_name",
        "DOUBLE_OPT-IN": "consent", "OPT_IN_DATE": "consented_at", "EMAIL_BLACKLISTED": "unsubscribed",
    }


def test_shopify():
    assert guessed(SHOPIFY) == {
        "Customer ID": "external_ref", "First Name": "first_name", "Last Name": "last_name", "Email": "email",
        "Accepts Email Marketing": "consent", "Default Address City": "city", "Tags": "tags",
        "Default Address Country Code": "country",
    }


def test_a_german_spreadsheet():
    assert guessed(GERMAN.encode("cp1252")) == {
        "Kundennr.": "external_ref", "E-Mail-Adresse": "email", "Vorname": "first_name", "Nachname": "last_name",
        "Ort": "city", "Land": "country", "Einwilligung": "consent", "Einwilligung am": "consented_at",
        "Einwilligungstext": "consent_wording", "Anmeldequelle": "consent_source",
    }


def test_a_chinese_spreadsheet():
    assert guessed(CHINESE.encode("gbk")) == {
        "邮箱": "email", "姓名": "first_name", "城市": "city", "国家": "country", "是否同意": "consent",
        "同意时间": "consented_at", "同意方式": "consent_method",
    }


def test_a_column_without_a_heading_is_nobodys():
    """The row numbers of a data frame stand under an empty heading."""
    size = CustomField(key="size", label="Size", kind="number", choices=[])

    assert guessed(",email,-\n0,ada@example.com,1\n1,bob@example.com,2\n", custom=[size]) == {"email": "email"}


def test_a_column_whose_cells_are_something_else_is_not_what_its_heading_says():
    content = "email,newsletter,opt-in source,country\nada@example.com,Spring tea,Footer form,Atlantis\n"

    assert guessed(content) == {"email": "email", "opt-in source": "consent_source"}


def test_addresses_are_found_under_any_heading():
    assert guessed("Kontakt,Stadtteil\nada@example.com,Mitte\nbob@example.com,Wedding\n") == {"Kontakt": "email"}


@pytest.mark.parametrize(
    ("cells", "zone", "order"),
    [
        *((["03/04/2026", "03/31/2026"], "UTC", "mdy"), (["03/04/2026", "31/03/2026"], "America/Denver", "dmy")),
        *((["3.4.2026"], "America/Denver", "dmy"), (["03/04/2026"], "America/Denver", "mdy")),
        *((["03/04/2026"], "Europe/Paris", "dmy"), (["2026-03-04"], "UTC", "ymd"), ([], "UTC", "ymd")),
        (["01/02/2026"] * 1000 + ["12/31/2026 10:05 AM"], "Europe/Paris", "mdy"),
    ],
)
def test_the_order_of_dates_is_told_by_those_that_can_be_meant_one_way_only(cells, zone, order):
    assert guessing.date_order([[cell] for cell in cells], [0], time_zone=zone) == order


@pytest.mark.parametrize(
    ("cells", "delimiter", "mark"),
    [
        *((["12,50"], ";", ","), (["12.50"], ";", "."), (["1.234,50"], ",", ","), (["1,234.50"], ",", ".")),
        *((["1,234"], ",", "."), (["1.234"], ";", ","), (["1.234", "0.125"], ";", "."), (["1.234.567"], ",", ",")),
        *((["1234"], ",", "."), ([], ";", "."), (["1'234,5 €", "x"], ",", ","), (["1,234"] * 1000 + ["9,5"], ",", ",")),
    ],
)
def test_the_decimal_mark_is_told_by_numbers_that_can_be_meant_one_way_only(cells, delimiter, mark):
    assert guessing.decimal_mark([[cell] for cell in cells], [0], delimiter=delimiter) == mark


@pytest.mark.parametrize(
    ("amounts", "code"), [(["$5", "$6"], "USD"), (["5 €"], "EUR"), (["5"], "CHF"), (["¥5"], "CHF"), (["£5"], "GBP")]
)
def test_the_currency_is_told_by_its_sign(amounts, code):
    assert guessing.currency([[amount] for amount in amounts], 0, usual="CHF") == code


def test_every_kind_of_field_can_be_guessed():
    own = [CustomField(key=kind, label=kind, kind=kind, choices=["a", "b"]) for kind in fields.KINDS]
    cells = {"text": "x", "number": '"1,5"', "date": "31.03.2026", "boolean": "wahr", "choice": "a"}
    cells |= {"money": '"1.234,50 €"', "date_time": "31.03.2026 15:00", "multi_choice": "b;a", "reference": "Acme"}
    content = f"email,{','.join(cells)}\na@b.co,{','.join(cells.values())}\n"

    assert guessed(content, custom=own) == {"email": "email"} | {kind: f"custom.{kind}" for kind in fields.KINDS}
