"""Which column of the file is which field of ours? Guessed from the headings, decided by the person.

A mapping is `{"0": "email", "3": "custom.size"}`: column positions to targets. Columns not named are left out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.customers import codes, dates, fields
from app.customers.models import Import
from app.customers.words import LABELS
from app.kernel.refusals import Refusal

EVIDENCE = (
    *("consent", "consented_at", "consent_method", "consent_wording", "consent_topic"),
    *("consent_purposes", "consent_source", "consent_ip"),
)
PEOPLE = ("email", *fields.PROFILE, "tags", *EVIDENCE)
PURCHASES = ("email", "external_ref", "order_ref", "purchased_at", "amount", "currency", "items", "product")

_MEANT = {
    "email": "e-mail|mail|email address|e-mail address|emailaddress|邮箱|电子邮件|电子邮箱|邮件地址|courriel",
    "external_ref": "customer id|customer number|customer no|client id|id|customer|external id|客户编号|客户号",
    "first_name": "firstname|first|given name|forename|vorname|prénom|名|名字",
    "last_name": "lastname|last|surname|family name|nachname|nom|姓|姓氏",
    "language": "lang|locale|sprache|语言",
    "country": "country code|land|pays|国家",
    "city": "town|stadt|ville|城市",
    "time_zone": "timezone|zeitzone|时区",
    "tags": "tag|labels|标签",
    "consent": "subscribed|opt in|optin|opt-in|newsletter|accepts marketing|marketing consent|同意",
    "consented_at": "consent date|opt in date|opt-in date|subscribed at|consent time|同意时间",
    "consent_method": "method|opt in method|同意方式",
    "consent_wording": "wording|consent text|notice|notice text|同意文本",
    "consent_topic": "topic|list|主题",
    "consent_purposes": "purposes|purpose|用途",
    "consent_source": "consent page|form|signup page|sign-up page|consent url",
    "consent_ip": "ip|ip address|opt in ip|opt-in ip",
    "order_ref": "order id|order|order number|order no|invoice|transaction id|订单号|订单编号",
    "purchased_at": "date|purchased on|purchase date|order date|purchased|created at|日期|购买日期|下单时间",
    "amount": "total|price|value|revenue|sum|order total|金额|总额",
    "currency": "currency code|币种",
    "items": "quantity|qty|count|units|cds|数量",
    "product": "product name|item|title|sku|商品|产品",
}


class MappingRefused(Refusal):
    """The columns chosen do not say who the rows are about, or say one thing twice."""

    status = 422
    message = "Please look at the columns again."


@dataclass(frozen=True)
class Options:
    """How this file is to be read and taken over.

    `match_by` finds the person (email or external_ref); `unknown` says what happens to purchases of people we do not
    know (refuse or create); empty cells leave what is known unless `clears_empty`;
    `topic` is what people said yes to where a row names none.
    """

    match_by: str = "email"
    unknown: str = "refuse"
    clears_empty: bool = False
    decimal: str = "."
    date_order: str = "ymd"
    currency: str = "EUR"
    topic: str = ""
    time_zone: str = "UTC"

    def dump(self) -> dict[str, Any]:
        return asdict(self)


def targets(session: Session, workspace_id: int, kind: str) -> list[tuple[str, str]]:
    """Return (target, label) of everything a column may be."""
    if kind == "purchases":
        return [(name, LABELS[name]) for name in PURCHASES]
    custom = fields.list_custom(session, workspace_id)
    own = [(f"custom.{field.key}", field.label) for field in custom]
    plain = [(name, LABELS[name]) for name in PEOPLE if name not in EVIDENCE]
    return [*plain, *own, *((name, LABELS[name]) for name in EVIDENCE)]


def guess(header: list[str], choices: list[tuple[str, str]]) -> dict[str, str]:
    """Return what each column probably is, each target at most once, better guesses first."""
    words = {_plain(name): target for target, label in choices for name in _names(target, label)}
    found: dict[str, str] = {}
    for position, heading in enumerate(header):
        target = words.get(_plain(heading))
        if target and target not in found.values():
            found[str(position)] = target
    return found


def decide(found: Import, mapping: dict[str, str], options: Options, choices: list[tuple[str, str]]) -> None:
    """Take the person's answer; raise MappingRefused."""
    known = {target for target, _ in choices}
    chosen = {position: target for position, target in mapping.items() if target}
    if not all(position.isdigit() and int(position) < len(found.header) for position in chosen):
        raise MappingRefused
    if not set(chosen.values()) <= known:
        raise MappingRefused
    if len(set(chosen.values())) < len(chosen):
        raise MappingRefused("Two columns are meant to be the same field.")
    _check_enough(found.kind, set(chosen.values()), options)
    found.mapping, found.options, found.state = dict(chosen), options.dump(), "mapped"


def _check_enough(kind: str, chosen: set[str], options: Options) -> None:
    if options.match_by not in ("email", "external_ref") or options.match_by not in chosen:
        raise MappingRefused("Choose the column by which people are found: %(name)s.", name=options.match_by)
    if options.decimal not in ".," or options.date_order not in dates.ORDERS:
        raise MappingRefused
    if options.currency not in codes.currencies():
        raise MappingRefused("This is not a currency; write its three letters, such as EUR.", field="currency")
    if kind == "purchases" and not {"purchased_at", "amount"} <= chosen:
        raise MappingRefused("Purchases need a date and an amount.")
    if kind == "purchases" and options.unknown == "create" and options.match_by != "email":
        raise MappingRefused("Unknown people can only be added by their address.")


def _names(target: str, label: str) -> list[str]:
    return [target.removeprefix("custom."), label, *_MEANT.get(target, "").split("|")]


def _plain(text: str) -> str:
    """Fold case, accents' width, separators: "E-Mail_Address " is "e mail address"."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s_.-]+", " ", folded).strip()
