"""Reads people out of a file as records that can be compared: one spelling for what is written in several ways."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO

from app.customers.addresses import emails, phones
from app.customers.imports.formats import conversion
from app.customers.imports.mapping import guessing, headings
from app.customers.imports.parsing import encodings, reading
from app.customers.profiles import dates
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

COMPARED = (
    "first_name",
    "last_name",
    "birth_date",
    "email",
    "phone",
    "street",
    "postal_code",
    "city",
    "organisation",
)
# Of customers: dates as ISO has them, emails and phone numbers by the keys they are compared by.
_SPELLED_ALREADY = frozenset({"birth_date", "email", "phone"})
_SAMPLE = 256 * 1024
_NAME = "full_name"
_CALLED = {
    "birth_date": """birth date, birthdate, birthday, date of birth, dob, born, born on, geburtsdatum, geburtstag,
        geboren am, date de naissance, né le, naissance, fecha de nacimiento, nacimiento, data di nascita,
        data de nascimento, geboortedatum, data urodzenia, födelsedatum, 出生日期, 生日, 生年月日,
        생년월일, дата рождения""",
    "phone": """phone, phone number, telephone, tel, mobile, mobile phone, cell, cell phone, telefon, telefonnummer,
        handy, mobil, mobiltelefon, téléphone, portable, teléfono, móvil, telefono, cellulare, telefone, celular,
        telefoon, 电话, 手机, 手机号, 手机号码, 電話番号, 전화번호, телефон""",
    "street": """street, street address, address, address 1, address line 1, address1, straße, strasse, anschrift,
        adresse, rue, calle, dirección, indirizzo, via, endereço, rua, adres, straat, 地址, 住所, 주소, адрес""",
    "postal_code": """postal code, postcode, post code, zip, zip code, zipcode, plz, postleitzahl, code postal,
        código postal, cap, cep, 邮编, 邮政编码, 郵便番号, 우편번호, индекс""",
    "organisation": """organisation, organization, company, company name, employer, firm, business, firma,
        unternehmen, arbeitgeber, société, entreprise, empresa, azienda, bedrijf, 公司, 单位, 会社名, 회사, компания""",
}
_NAMED = {
    headings.fold(word): target for target, words in _CALLED.items() for word in " ".join(words.split()).split(", ")
}


class NothingToCompare(Refusal):
    """The file has no column by which people could be told apart."""

    status = 422
    message = N_("No column of this file holds names, addresses, phone numbers or birth dates.")


@dataclass(frozen=True)
class Record:
    """One person of a file: the row's number, counted as a spreadsheet does, and what the row says, spelled one way.

    `id` is what the file itself calls the person, or the row's number.
    """

    row: int
    id: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Records:
    """The people of a file, and which of its columns hold what: target -> heading."""

    people: Sequence[Record]
    columns: Mapping[str, str]


def read(file: IO[bytes]) -> Records:
    """Read every person of a CSV, TSV, JSON Lines or workbook file; raise FileRefused or NothingToCompare."""
    rows = conversion.convert(file).rows
    sample = rows.read(_SAMPLE)
    rows.seek(0)
    laid_out = reading.layout(sample, encodings.guess(sample))
    found = ((number, cells) for number, cells in reading.records(rows, laid_out) if isinstance(cells, list))
    filled = ((number, cells) for number, cells in found if number >= laid_out.header and any(map(str.strip, cells)))
    _, header = next(filled, (0, []))
    first = list(islice(filled, 500))
    places = _places(header)
    if not set(places) & {*COMPARED, _NAME}:
        raise NothingToCompare
    order = guessing.date_order([cells for _, cells in first], [places.get("birth_date", len(header))])
    spell = _spellings(order)
    people = [_record(number, cells, places, spell) for number, cells in chain(first, filled)]
    return Records(people, {target: header[place] for target, place in places.items()})


def spelled(customer_id: int, values: Mapping[str, str]) -> Record:
    """Return a customer of ours as a record, spelled as those of files are; what is not compared is left out."""
    said = {name: text for name, text in values.items() if name in COMPARED}
    plain = {name: text if name in _SPELLED_ALREADY else _plain(text) for name, text in said.items()}
    return Record(customer_id, str(customer_id), {name: text[:200] for name, text in plain.items() if text})


def _places(header: Sequence[str]) -> dict[str, int]:
    """Return which column holds what; the first of several that would do."""
    places: dict[str, int] = {}
    for target in ("email", "first_name", "last_name", "city", "external_ref"):
        ranked = [(headings.rank(target, headings.fold(name)), place) for place, name in enumerate(header)]
        best = min(((rank, place) for rank, place in ranked if rank is not None), default=None)
        if best is not None:
            places[target] = best[1]
    for place, name in enumerate(header):
        folded = headings.fold(name)
        target = _NAMED.get(folded) or (_NAME if folded in headings.FULL_NAMES else "")
        if target and place not in places.values():
            places.setdefault(target, place)
    if "first_name" in places and "last_name" not in places and _NAME in places:
        # Beside a first name, "name" is the family's.
        places["last_name"] = places.pop(_NAME)
    return places


def _record(
    number: int, cells: list[str], places: Mapping[str, int], spell: Mapping[str, Callable[[str], str]]
) -> Record:
    said = {target: cells[place].strip() for target, place in places.items() if place < len(cells)}
    name = said.pop(_NAME, "")
    if name and not said.get("first_name") and not said.get("last_name"):
        said["first_name"], said["last_name"] = _split(name)
    reference = said.pop("external_ref", "")
    spelled = {target: spell[target](text)[:200] for target, text in said.items() if text}
    return Record(number, reference or str(number), {target: text for target, text in spelled.items() if text})


def _split(name: str) -> tuple[str, str]:
    """Ada Lovelace -> (Ada, Lovelace); Lovelace, Ada -> the same; a name of one word is the first name."""
    if "," in name:
        last, _, first = name.partition(",")
        return first.strip(), last.strip()
    first, _, last = name.rpartition(" ")
    return (first.strip(), last) if first else (last, "")


def _spellings(order: str) -> Mapping[str, Callable[[str], str]]:
    def birth_date(text: str) -> str:
        with suppress(ValueError):
            return dates.day(text, order).isoformat()
        return ""

    return dict.fromkeys(COMPARED, _plain) | {"birth_date": birth_date, "email": _email, "phone": _phone}


def _plain(text: str) -> str:
    """Without case, accents and signs, words once apart: "Müller-Lüdenscheidt " is "muller ludenscheidt"."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c)).split())


def _email(text: str) -> str:
    return emails.find_key(text) or text.casefold()


def _phone(text: str) -> str:
    with suppress(Refusal):
        return phones.find_key(text)
    return ""

