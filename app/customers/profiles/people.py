"""Finds, adds and changes the customers of a workspace.

A person and their row of sums are always made by one statement, so no query has to ask whether the sums exist.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, literal, select, text
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers import values
from app.customers.addresses import emails, projection, queries
from app.customers.field_kinds import references
from app.customers.field_kinds.kind import USUAL, Reading
from app.customers.field_kinds.known import KINDS
from app.customers.field_kinds.references import NamedFields
from app.customers.history import history
from app.customers.merging import aliases
from app.customers.models import Customer, Engagement, Traits
from app.customers.profiles import codes, fields, identity, naming, provenance
from app.customers.profiles.provenance import Telling
from app.kernel.database import refusing_duplicates
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

MOST_TAGS = 50
LONGEST_TAG = 60
# (workspace id, customer id) -> what else is known of that customer
MoreData = Callable[[ColumnElement[int], ColumnElement[int]], ColumnElement[Any]]


class NumberTaken(Refusal):
    """Another customer of this workspace has this customer number."""

    message = N_("Another customer has this customer number.")


def base_query(workspace_id: int) -> Select[int]:
    """Return the ids of everyone, joined with what `fields.columns` stands over.

    The traits join costs nothing where no trait is asked for: it is on a unique key, and the planner removes it.
    """
    return (
        select(Customer.id.label("customer_id"))
        .join(Engagement, _same(Engagement))
        .outerjoin(Traits, _same(Traits))
        .where(Customer.workspace_id == workspace_id, Engagement.workspace_id == workspace_id)
    )


def profile_query(workspace_id: int) -> Select[int]:
    """Return the ids of everyone, for questions that ask nothing of the sums: a whole join less."""
    traits = (Traits.workspace_id == Customer.workspace_id) & (Traits.customer_id == Customer.id)
    query = select(Customer.id.label("customer_id")).outerjoin(Traits, traits)
    return query.where(Customer.workspace_id == workspace_id)


def sums_query(workspace_id: int) -> Select[int]:
    """Return the ids of everyone, for questions that ask only the sums and traits; everyone has a row of sums."""
    traits = (Traits.workspace_id == Engagement.workspace_id) & (Traits.customer_id == Engagement.customer_id)
    query = select(Engagement.customer_id.label("customer_id")).outerjoin(Traits, traits)
    return query.where(Engagement.workspace_id == workspace_id)


def contacts_query(workspace_id: int) -> Select[int, list[datetime], list[int]]:
    """Select (customer_id, recent_contact_at, recent_contact_topic) of everyone: their mails, the newest first."""
    columns = (Engagement.customer_id, Engagement.recent_contact_at, Engagement.recent_contact_topic)
    return select(*columns).where(Engagement.workspace_id == workspace_id)


def get(session: Session, workspace_id: int, customer_id: int) -> Customer:
    """Return the customer; raise NotFound."""
    return keyed_rows.get(session, Customer, workspace_id, customer_id)


def hold(session: Session, customer: Customer) -> None:
    """Keep others from changing this person until the transaction ends, and see what they changed until now.

    Whoever reads a value to write it back holds the row first. Raise NotFound if the person is gone.
    """
    keyed_rows.hold(session, Customer, customer.workspace_id, customer.id)


def name_of(customer: Customer) -> str:
    """Return what somebody is called; "" where neither name, email nor number is known."""
    return naming.called(customer.first_name, customer.last_name, customer.email, customer.external_ref)


def find_by_email(session: Session, workspace_id: int, email: str) -> Customer | None:
    """Return whoever has this email now, primary or not, however it is written."""
    key = emails.find_key(email.strip())
    if key is None:
        return None
    owner = queries.owner_query(workspace_id, key).scalar_subquery()
    return session.scalar(select(Customer).where(Customer.workspace_id == workspace_id, Customer.id == owner))


def find_by_ref(session: Session, workspace_id: int, external_ref: str) -> Customer | None:
    """Return whoever has this number in the company's own books, or had it before they became part of somebody else."""
    query = select(Customer).where(Customer.workspace_id == workspace_id, Customer.external_ref == external_ref)
    found = session.scalar(query)
    if found is not None:
        return found
    led_to = aliases.find_by_ref(session, workspace_id, external_ref)
    return session.get(Customer, (workspace_id, led_to)) if led_to is not None else None


def upsert(
    session: Session,
    workspace_id: int,
    *,
    email: str,
    fields: dict[str, Any],
    source: str | Telling,
    now: datetime,
) -> Customer:
    """Return the customer of this address, added if new, with these values set.

    `fields` are profile names, `tags` (added to those there), or keys of custom fields; `source` says who told us,
    such as `form:news`. Raises BadAddress, ValueRefused.
    """
    address = emails.normalise(email)
    _add_if_new(session, workspace_id, address, provenance.told(source, now=now), now=now)
    customer = find_by_email(session, workspace_id, address.key)
    if customer is None:
        raise NotFound
    return change(session, customer, values_by_name=fields, source=source, now=now, adds_tags=True)


def change(
    session: Session,
    customer: Customer,
    *,
    values_by_name: dict[str, Any],
    source: str | Telling,
    now: datetime,
    adds_tags: bool = False,
) -> Customer:
    """Set these values, where what is known of them is not better or newer; None clears one.

    With `adds_tags` the tags given join those there. What is replaced is kept in the history. The person is held
    first: two who tell different things about one person at once both stay told. Raise ValueRefused, NumberTaken.
    """
    if not values_by_name:
        return customer
    hold(session, customer)
    told = provenance.telling(source, now=now)
    tagged = customer.tags if adds_tags else []
    wanted = _checked(session, customer.workspace_id, values_by_name, tagged=tagged, now=now)
    marks = {name: _mark_of(customer, name) for name in wanted}
    changed, renewed = [], []
    for name, value in wanted.items():
        if _current(customer, name) == value:
            if provenance.renews(told, marks[name], now=now):
                renewed.append(name)
        elif (name == "tags" and adds_tags) or provenance.beats(told.mark(), marks[name], now=now):
            changed.append(name)
    if not changed and not renewed:
        return customer
    if "external_ref" in changed and wanted["external_ref"]:
        _require_free_number(session, customer, wanted["external_ref"])
    olds = {name: _current(customer, name) for name in changed}
    before = {name: [_plain(old), marks[name]] for name, old in olds.items() if old not in (None, [])}
    history.keep(session, customer.workspace_id, customer.id, before, told.mark(), now=now)
    with refusing_duplicates(session, "uq_customers_external_ref", NumberTaken(field="external_ref")):
        for name in changed:
            _put(customer, name, wanted[name])
        customer.provenance = provenance.mark(customer.provenance, [*changed, *renewed], told.mark())
        if changed:
            customer.updated_at = now
        session.flush()
    return customer


def check_values(session: Session, workspace_id: int, given: Mapping[str, Any], *, now: datetime) -> None:
    """Judge values as `change` would, before anybody is known whose they are; raise ValueRefused."""
    _checked(session, workspace_id, given, tagged=(), now=now)


def count(session: Session, workspace_id: int) -> int:
    """Return how many people the workspace knows."""
    query = select(func.count()).select_from(Customer).where(Customer.workspace_id == workspace_id)
    return session.scalar(query) or 0


def named_query(workspace_id: int) -> Select[*tuple[Any, ...]]:
    """Return (customer_id, first_name, last_name, email, external_ref) of everyone, to put names to numbers."""
    named = (Customer.first_name, Customer.last_name, Customer.email, Customer.external_ref)
    return select(Customer.id.label("customer_id"), *named).where(Customer.workspace_id == workspace_id)


def merge_data_query(
    workspace_id: int,
    customer_ids: Sequence[int] | None = None,
    *,
    more: Mapping[str, MoreData] | None = None,
    named: NamedFields | None = None,
) -> Select[*tuple[Any, ...]]:
    """Return what templates may fill in, one row per customer, `customer_id` first.

    Of the reference fields `named` the name is told, not the number.

    Columns: customer_id, email, provider, address_id, address_digest, first_name, last_name, language, country, city,
    time_zone, tags, custom, gender, birth_date (as text), occupation, position, kind, and `more`, what rooms above know
    of the person, by name.
    """
    query = select(
        Customer.id.label("customer_id"),
        *(Customer.email, Customer.provider, Customer.address_id, Customer.address_digest),
        *(Customer.first_name, Customer.last_name, Customer.language, Customer.country, Customer.city),
        *(Customer.time_zone, Customer.tags, _custom_with_names(workspace_id, named).label("custom")),
        *(Customer.gender, _BIRTH_DATE, Customer.occupation, Customer.position, Customer.kind),
        *(made(_WORKSPACE_OF_CUSTOMER, _CUSTOMER_ID).label(name) for name, made in (more or {}).items()),
    ).where(Customer.workspace_id == workspace_id)
    return query if customer_ids is None else query.where(Customer.id.in_(customer_ids))


def _custom_with_names(workspace_id: int, named: NamedFields | None) -> ColumnElement[Any]:
    custom = Customer.__table__.c.custom
    if not named:
        return custom
    pairs: list[Any] = []
    for key, target in named.items():
        number = KINDS["reference"].sql(custom[key])
        pairs += [literal(key), references.name_query(target, workspace_id, number)]
    return custom.concat(func.jsonb_build_object(*pairs))


_WORKSPACE_OF_CUSTOMER: ColumnElement[int] = Customer.__table__.c.workspace_id
_CUSTOMER_ID: ColumnElement[int] = Customer.__table__.c.id
# As dates of the workspace's own fields are kept.
_BIRTH_DATE = cast(Customer.birth_date, Text).label("birth_date")


def _same(table: type[Engagement | Traits]) -> Any:
    return (table.workspace_id == Customer.workspace_id) & (table.customer_id == Customer.id)


# A sign-up at the same moment may have added the address: then nobody is added.
_ADD = text(
    f"""
    WITH fresh AS MATERIALIZED (
        SELECT {projection.NEW_CUSTOMER_ID} AS id, {projection.NEW_ADDRESS_ID} AS address_id, :email AS email,
               :email_key AS email_key, CAST(:digest AS bytea) AS digest, :provider AS provider,
               CAST(:origin AS jsonb) AS origin),
    {projection.adding_people(unless_taken=True)}
    SELECT 1
    """
)


def _add_if_new(
    session: Session, workspace_id: int, address: emails.EmailAddress, origin: list[Any], *, now: datetime
) -> None:
    values = {
        "w": workspace_id,
        "email": address.typed,
        "email_key": address.key,
        "digest": emails.digest(address.key, workspaces.get(session, workspace_id).digest_key),
        "provider": address.provider,
        "origin": json.dumps(origin),
        "now": now,
    }
    session.execute(_ADD, values)


def _require_free_number(session: Session, customer: Customer, external_ref: str) -> None:
    other = find_by_ref(session, customer.workspace_id, external_ref)
    if other is not None and other.id != customer.id:
        raise NumberTaken(field="external_ref")


def _checked(
    session: Session, workspace_id: int, given: Mapping[str, Any], *, tagged: Sequence[str], now: datetime
) -> dict[str, Any]:
    """Return clean values: profile texts by name, custom ones as `custom.<key>`; given tags join those in `tagged`."""
    custom = {field.key: field for field in fields.list_custom(session, workspace_id)}
    reading = _reading(session, workspace_id) if given.keys() & custom.keys() else USUAL
    wanted: dict[str, Any] = {}
    for name, value in given.items():
        if name == "tags":
            wanted["tags"] = tags([*tagged, *value])
        elif name in fields.PROFILE:
            wanted[name] = _text(name, value)
        elif name in identity.IDENTITY:
            wanted[name] = identity.parse(name, value, now=now)
        elif name in custom:
            wanted[f"custom.{name}"] = fields.accept(session, workspace_id, custom[name], value, reading)
        else:
            raise fields.ValueRefused(N_("There is no field called %(name)s."), field=name, name=name)
    return wanted


def _reading(session: Session, workspace_id: int) -> Reading:
    home = workspaces.get(session, workspace_id)
    return Reading(currency=home.currency or USUAL.currency, time_zone=home.time_zone)


def tags(given: Sequence[str]) -> list[str]:
    """Return the tags clean, sorted and once each; raise ValueRefused."""
    clean = sorted({line for tag in given if (line := values.one_line(tag))})
    if len(clean) > MOST_TAGS or any(len(tag) > LONGEST_TAG or set(tag) & set(",;|") for tag in clean):
        raise fields.ValueRefused(
            N_("A customer has at most 50 tags of 60 characters, without , ; and |."), field="tags"
        )
    return clean


def _text(name: str, value: Any) -> str | None:
    clean = values.one_line(str(value)) if value is not None else ""
    if len(clean) > fields.LONGEST_TEXT:
        raise fields.ValueRefused(N_("This text is too long."), field=name)
    if not clean or name not in codes.FIND:
        return clean or None
    code = codes.FIND[name](clean)
    if code is None:
        raise fields.ValueRefused(_NO_CODE[name], field=name)
    return code


_NO_CODE = {
    "country": N_("This is not a country; write its code or name, such as DE or Germany."),
    "language": N_("This is not a language; write its code or name, such as de or German."),
    "time_zone": N_("This is not a time zone; write it as in Europe/Berlin."),
}


def _mark_of(customer: Customer, name: str) -> list[Any] | None:
    has_value = _current(customer, name) not in (None, [])
    return provenance.of_value(customer.provenance, name, has_value=has_value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _current(customer: Customer, name: str) -> Any:
    return customer.custom.get(name[7:]) if name.startswith("custom.") else getattr(customer, name)


def _put(customer: Customer, name: str, value: Any) -> None:
    if not name.startswith("custom."):
        setattr(customer, name, value)
        return
    rest = {key: known for key, known in customer.custom.items() if key != name[7:]}
    customer.custom = rest if value is None else {**rest, name[7:]: value}
