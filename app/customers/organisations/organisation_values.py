"""Checks what is said of an organisation, and puts it into the form it is kept in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from app.customers import values
from app.customers.profiles import codes
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_, MessageId

NAMES = (
    *("name", "external_ref", "parent_id", "industry", "employees"),
    *("website", "domains", "address", "city", "country"),
)
MOST_EMPLOYEES = 10**8
MOST_DOMAINS = 20
LONGEST_ADDRESS = 500
_LENGTHS = {"name": 200, "external_ref": 200, "industry": 100, "city": 200}
_LABEL = r"[a-z0-9\u00a1-\uffff](?:[a-z0-9\u00a1-\uffff-]{0,61}[a-z0-9\u00a1-\uffff])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")


class OrganisationRefused(Refusal):
    """A value cannot be one of an organisation."""

    status = 422
    message = N_("This organisation cannot be kept.")


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return these values clean, None for what is empty; raise OrganisationRefused."""
    clean = {name: _CHECKS[name](name, value) for name, value in given.items()}
    if "name" in clean and clean["name"] is None:
        raise OrganisationRefused(N_("Give the organisation a name."), field="name")
    return clean


def _line(name: str, value: Any) -> str | None:
    clean = " ".join(values.one_line(str(value)).split()) if value is not None else ""
    if len(clean) > _LENGTHS[name]:
        raise _refused(N_("This text is too long."), name)
    return clean or None


def _lines(name: str, value: Any) -> str | None:
    lines = (values.one_line(line) for line in str(value or "").replace("\r\n", "\n").split("\n"))
    clean = "\n".join(line for line in lines if line)
    if len(clean) > LONGEST_ADDRESS:
        raise _refused(N_("This text is too long."), name)
    return clean or None


def _number(name: str, value: Any) -> int | None:
    if value is None or value == "":
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_EMPLOYEES:
        raise _refused(N_("Write the number of employees as a whole number."), name)
    return value


def _country(name: str, value: Any) -> str | None:
    if value is None or not str(value).strip():
        return None
    code = codes.find_country(str(value))
    if code is None:
        raise _refused(N_("This is not a country; write its code or name, such as DE or Germany."), name)
    return code


def _website(name: str, value: Any) -> str | None:
    clean = values.one_line(str(value)) if value is not None else ""
    if not clean:
        return None
    address = clean if "://" in clean else f"https://{clean}"
    host = address.partition("://")[2].partition("/")[0].partition(":")[0]
    if not address.startswith(("https://", "http://")) or len(address) > 500 or not _DOMAIN.fullmatch(host.lower()):
        raise _refused(N_("Give a web address that begins with https://."), name)
    return address


def _domains(name: str, value: Any) -> list[str]:
    given = (str(each).strip().lower().removeprefix("@").removesuffix(".") for each in value or ())
    clean = sorted({each for each in given if each})
    if len(clean) > MOST_DOMAINS or any(len(each) > 253 or not _DOMAIN.fullmatch(each) for each in clean):
        raise _refused(N_("Write at most 20 domains, such as example.com."), name)
    return clean


def _refused(message: MessageId, name: str) -> OrganisationRefused:
    return OrganisationRefused(message, field=name)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(_LENGTHS, _line),
    "parent_id": lambda _name, value: value,
    "employees": _number,
    "website": _website,
    "domains": _domains,
    "address": _lines,
    "country": _country,
}
