"""The customer list: filters, search, adding one person, the export."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts import personal_reads, workspaces
from app.customers.forms import NewCustomerForm
from app.customers.listing import listing, mixes
from app.customers.profiles import codes, people
from app.customers.views.blueprint import bp
from app.customers.words import STAGES
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, language, shell


@bp.get("/customers")
@guard.role("viewer")
def show_customers() -> ResponseReturnValue:
    """Show who they are, narrowed as asked."""
    wanted, now = _filter(), services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        personal_reads.remaining(session, g.workspace.id, g.staff.id, now=now)
    with services().database.transaction(g.workspace.id, reading=True) as session:
        found, more = listing.page(session, g.workspace.id, wanted, after=request.args.get("after", ""))
        mix = mixes.find(session, g.workspace.id, now=services().clock.now())
        tags = listing.frequent_tags(session, g.workspace.id)
        currency = workspaces.get(session, g.workspace.id).currency
    with services().database.transaction(g.workspace.id) as session:
        personal_reads.note(session, g.workspace.id, g.staff.id, len(found), now=now)
    return shell.page(
        "customers/customers.html",
        customers=found,
        wanted=wanted,
        mix=mix,
        chips=_chips(wanted, tags),
        sorts={sort: url_of(replace(wanted, sort=sort)) for sort in listing.SORTS},
        more=url_of(wanted, after=more) if more else None,
        currency=currency or "EUR",
        stages=STAGES,
    )


@bp.get("/customers/new")
@guard.role("marketer")
def new_customer() -> ResponseReturnValue:
    """Ask who it is."""
    return shell.page("customers/new.html", form=NewCustomerForm())


@bp.post("/customers/new")
@guard.role("marketer")
def add_customer() -> ResponseReturnValue:
    """Add one person; permission is theirs to give."""
    form = NewCustomerForm()
    try:
        if form.validate():
            said = {"first_name": form.first_name.data, "last_name": form.last_name.data}
            given = {name: text for name, text in said.items() if text}
            with services().database.transaction(g.workspace.id) as session:
                added = people.upsert(
                    session,
                    g.workspace.id,
                    email=form.email.data or "",
                    fields=given,
                    source=f"staff:{g.staff.name}",
                    now=services().clock.now(),
                )
            return shell.back(url_for("customers.show_customer", customer_id=added.id), _("Customer added."))
    except Refusal as refusal:
        form.refuse(refusal)
    return shell.page("customers/new.html", form=form), 422


def search(session: Session, workspace_id: int, text: str) -> list[tuple[str, str, str]]:
    """Answer the search box."""
    found, _more = listing.page(session, workspace_id, listing.Filter(search=text), limit=5)
    return [
        (one.name or one.email or "", one.email or "", url_for("customers.show_customer", customer_id=one.id))
        for one in found
    ]


def url_of(wanted: listing.Filter, after: str = "") -> str:
    """Return the list's URL for this filter."""
    parts: dict[str, Any] = {
        "q": wanted.search,
        "tag": wanted.tag,
        "country": wanted.country,
        "bought": wanted.bought,
        "stage": wanted.stage,
        "sort": wanted.sort if wanted.sort != "newest" else "",
        "after": after,
    }
    return url_for("customers.show_customers", **{name: part for name, part in parts.items() if part})


def _filter() -> listing.Filter:
    asked = request.args
    sort = asked.get("sort", "newest")
    return listing.Filter(
        search=asked.get("q", "")[:100].replace("\0", ""),
        tag=asked.get("tag", "")[:100].replace("\0", ""),
        country=_country(asked.get("country", "")),
        bought=asked["bought"] if asked.get("bought") in ("yes", "no") else "",
        stage=asked["stage"] if asked.get("stage") in STAGES else "",
        sort=sort if sort in listing.SORTS else "newest",
    )


def _country(asked: str) -> str:
    """Return the code of the country asked for, however it is written."""
    clean = asked[:100].replace("\0", "")
    return codes.find_country(clean) or clean


# The others are found on the page of the life cycle.
_OFFERED = ("lead", "at_risk", "inactive")


def _chips(wanted: listing.Filter, tags: list[str]) -> list[tuple[str, str, bool]]:
    chips = [
        _chip(wanted, "bought", "yes", _("Has bought")),
        _chip(wanted, "bought", "no", _("Never bought")),
    ]
    shown = [stage for stage in STAGES if stage in _OFFERED or stage == wanted.stage]
    chips += [_chip(wanted, "stage", stage, _(STAGES[stage])) for stage in shown]
    if wanted.country:
        label = _("Country: %(country)s", country=language.country(wanted.country))
        chips.append(_chip(wanted, "country", wanted.country, label))
    known = tags if not wanted.tag or wanted.tag in tags else [wanted.tag, *tags]
    return chips + [_chip(wanted, "tag", tag, tag) for tag in known]


def _chip(wanted: listing.Filter, name: str, value: str, label: str) -> tuple[str, str, bool]:
    is_active = getattr(wanted, name) == value
    other = wanted.without(name) if is_active else replace(wanted, **{name: value})
    return label, url_of(other), is_active
