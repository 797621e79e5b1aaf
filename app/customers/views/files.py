"""The progress of an import, asked for by its page, and downloads: rejected rows, and people, orders and products."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import NamedTuple

from flask import Flask, Response, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from app.accounts import audit, personal_reads
from app.customers.exporting import downloads, tables
from app.customers.exporting.formats import FORMATS
from app.customers.exporting.tables import Offer
from app.customers.forms import ExportForm
from app.customers.imports import keeping, steps
from app.customers.imports.models import Import, RefusedRow
from app.customers.listing import csv_cells
from app.customers.views import progress
from app.customers.views.blueprint import bp
from app.kernel.database import Database
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell

AT_ONCE = 1000


@bp.get("/customers/imports/<int:import_id>/progress")
@guard.role("viewer", personal_data=guard.SHOWN)
def show_progress(import_id: int) -> ResponseReturnValue:
    """Answer how far it is; when it is done, lead to the result."""
    with services().database.transaction(g.workspace.id) as session:
        found = steps.get(session, g.workspace.id, import_id)
    job = progress.of(found)
    if job is None:
        return shell.back(url_for("customers.show_import", import_id=import_id))
    return render_template("customers/progress.html", job=job)


@bp.get("/customers/imports/<int:import_id>/refused.csv")
@guard.role("marketer", personal_data=guard.EXPORTED)
def download_refused(import_id: int) -> ResponseReturnValue:
    """Give back the rows that could not be taken, each with its reason, to be corrected and brought again."""
    with services().database.transaction(g.workspace.id) as session:
        found = steps.get(session, g.workspace.id, import_id)
        heading = [*found.header, _("Row"), _("Reason")]
    speak = _Speaker(current_app._get_current_object(), str(get_locale()))  # type: ignore[attr-defined]
    lines = csv_cells.table(_refused(services().database, found, heading, speak))
    headers = {"Content-Disposition": f'attachment; filename="import-{import_id}-rejected.csv"'}
    # Made while it is being downloaded: a file may give back millions of rows.
    return Response(lines, mimetype="text/csv", headers=headers)


@bp.get("/customers/export")
@guard.role("marketer", personal_data=guard.EXPORTED)
def choose_export() -> ResponseReturnValue:
    """Ask what is wanted, and as which file."""
    form, _offers = _form()
    return shell.page("customers/export.html", form=form)


@bp.post("/customers/export")
@guard.role("marketer", personal_data=guard.EXPORTED)
def export() -> ResponseReturnValue:
    """Give it as a file that is made while it is downloaded, and note who took what."""
    form, offers = _form()
    if not form.validate():
        return shell.page("customers/export.html", form=form), 422
    offer, written, now = offers[form.what.data], FORMATS[form.format.data], services().clock.now()
    try:
        with services().database.transaction(g.workspace.id) as session:
            most = personal_reads.remaining(session, g.workspace.id, g.staff.id, now=now)
        rows = offer.table.rows(services().database, g.workspace.id, offer.part, now)
        if most is not None:
            rows = downloads.within(rows, most)
    except Refusal as refusal:
        refusal.field = "what"
        form.refuse(refusal)
        return shell.page("customers/export.html", form=form), 422
    with services().database.transaction(g.workspace.id) as session:
        audit.record(
            session,
            g.workspace.id,
            staff_id=g.staff.id,
            action="data.exported",
            subject_kind=offer.table.name,
            subject_id=offer.part or None,
            details={"name": _label(offer), "format": written.ending},
            now=now,
        )
    headers = {"Content-Disposition": f'attachment; filename="{offer.key}.{written.ending}"'}
    taken = downloads.Taken(services().database, g.workspace.id, g.staff.id, form.purpose.data or "", now)
    return Response(written.write(taken.counting(rows)), mimetype=written.mimetype, headers=headers)


@bp.get("/customers/imports/<int:import_id>/file")
@guard.role("marketer", personal_data=guard.EXPORTED)
def download_file(import_id: int) -> ResponseReturnValue:
    """Give the file back as it was uploaded, while it is kept."""
    with services().database.transaction(g.workspace.id) as session:
        found = steps.get(session, g.workspace.id, import_id)
    pieces = keeping.pieces(services().database, found)
    ending = "".join(char for char in PurePath(found.file_name).suffix if char.isascii() and char.isalnum())[:10]
    name = f"import-{import_id}.{ending or 'csv'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(pieces, mimetype="application/octet-stream", headers=headers)


class _Speaker(NamedTuple):
    """Says reasons in the language of whoever asked, though their request is over when most rows are made."""

    app: Flask
    locale: str

    def say(self, found: Import, rows: list[RefusedRow]) -> list[str]:
        with self.app.app_context(), force_locale(self.locale):
            return [progress.say(row.reason, row.detail, progress.heading(found, row.place)) for row in rows]


def _refused(database: Database, found: Import, heading: list[str], speak: _Speaker) -> Iterator[list[str]]:
    yield heading
    width, after = len(heading) - 2, 0
    while True:
        with database.transaction(found.workspace_id) as session:
            rows = steps.list_refused(session, found, after=after, limit=AT_ONCE)
        if not rows:
            return
        for row, why in zip(rows, speak.say(found, rows), strict=True):
            kept = [*row.cells, *[""] * width][: max(width, len(row.cells))]
            yield [*kept, str(found.line(row.row)), why]
        after = rows[-1].row


def _form() -> tuple[ExportForm, dict[str, Offer]]:
    with services().database.transaction(g.workspace.id) as session:
        offers = {offer.key: offer for offer in tables.list_offers(session, g.workspace.id)}
    # A link may name what is wanted: it comes first, and so is chosen.
    wanted = request.args.get("what", "")
    form = ExportForm()
    form.offer([(key, _label(offers[key])) for key in sorted(offers, key=lambda key: key != wanted)])
    return form, offers


def _label(offer: Offer) -> str:
    return str(_(offer.table.label, name=offer.name) if offer.name else _(offer.table.label))
