"""The pages of an import: upload, mapping of columns, preview, run and result.

They show rows as the file has them, so they are closed to whoever sees personal data masked.
"""

from __future__ import annotations

from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.customers.forms import FileMappingForm, ReadingForm, SheetForm, UploadForm
from app.customers.imports import files, keeping, kinds, steps
from app.customers.imports.formats.refusing import LARGEST, PIECE, FileRefused
from app.customers.imports.mapping import fixes, mapping, proposals
from app.customers.imports.models import Import
from app.customers.imports.parsing import reading
from app.customers.imports.undoing import undo
from app.customers.sources import catalogue
from app.customers.views import progress
from app.customers.views.blueprint import bp
from app.kernel import ids
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.kernel.translatable import N_
from app.web import errors, guard, shell

SHOWN_ROWS = 5
# The form around a file is small.
LARGEST_UPLOAD = LARGEST + PIECE


@bp.get("/customers/imports")
@guard.role("viewer")
def show_imports() -> ResponseReturnValue:
    """Show which files came in, and what came of them."""
    before = request.args.get("before", type=ids.read)
    with services().database.transaction(g.workspace.id) as session:
        found = steps.list_latest(session, g.workspace.id, before=before, limit=21)
        labels = {kind.name: kind.label for kind in kinds.list_all(session)}
    more = url_for("customers.show_imports", before=found[19].id) if len(found) > 20 else None
    return shell.page("customers/imports.html", imports=found[:20], kind_labels=labels, more=more)


@bp.get("/customers/imports/new")
@guard.role("marketer", personal_data=guard.SHOWN)
def new_import() -> ResponseReturnValue:
    """Ask for a file; of a kind that a link names."""
    return shell.page("customers/upload.html", form=_upload_form(request.args.get("kind", "")))


@bp.post("/customers/imports/new")
@guard.accepts_up_to(LARGEST_UPLOAD)
@guard.role("marketer", personal_data=guard.SHOWN)
def upload() -> ResponseReturnValue:
    """Keep the file and go on to its columns."""
    form = _upload_form()
    given = request.files.get("file")
    try:
        if not given or not given.filename:
            raise FileRefused(N_("Choose a file."), field="file")
        if form.validate():
            return shell.back(url_for("customers.show_import", import_id=_stored(form, given).id))
    except Refusal as refusal:
        form.refuse(refusal)
    return shell.page("customers/upload.html", form=form), 422


@bp.get("/customers/imports/<int:import_id>")
@guard.role("viewer", personal_data=guard.SHOWN)
def show_import(import_id: int) -> ResponseReturnValue:
    """Show where the file is on its way."""
    with services().database.transaction(g.workspace.id) as session:
        found = steps.get(session, g.workspace.id, import_id)
        if found.state in ("uploaded", "mapped") and g.role != "viewer":
            return _columns_page(session, found)
        values = {"found": found, "errors": progress.first_errors(session, found), "causes": _causes(session, found)}
        kind = kinds.get(session, found.kind)
        labels = dict(kind.choices(session, found)) if found.state == "checked" else {}
        values |= {"kind_label": kind.label, "samples": progress.samples(found, labels)}
        values["kept_until"] = keeping.kept_until(session, found) if found.state in steps.RUN else None
        values["changed_fields"] = progress.changed_fields(found, labels)
        values["source"] = catalogue.get(session, g.workspace.id, found.source_id) if found.source_id else None
    return shell.page(
        "customers/import.html",
        progress=progress.of(found),
        tally=progress.tally(found),
        repeats=progress.repeats(found),
        stopped=progress.stopped(found),
        undone=progress.undone(found),
        **values,
    )


@bp.get("/customers/imports/<int:import_id>/columns")
@guard.role("marketer", personal_data=guard.SHOWN)
def show_columns(import_id: int) -> ResponseReturnValue:
    """Show the columns again, to change one's mind after the rehearsal."""
    with services().database.transaction(g.workspace.id) as session:
        found = steps.get(session, g.workspace.id, import_id)
        if found.state not in steps.OPEN:
            return shell.back(url_for("customers.show_import", import_id=import_id))
        return _columns_page(session, found)


@bp.post("/customers/imports/<int:import_id>/reading")
@guard.role("marketer", personal_data=guard.SHOWN)
def reread(import_id: int) -> ResponseReturnValue:
    """Read the file as the person says it is written."""
    form = ReadingForm()
    if not form.validate():
        there = url_for("customers.show_import", import_id=import_id)
        return shell.back(there, _("Choose from the lists."), tone="warning")
    with services().database.transaction(g.workspace.id) as session:
        found = steps.held_open(session, g.workspace.id, import_id)
        sample = files.sample_of(session, found)
        files.reread(found, sample, encoding=form.encoding.data, delimiter=form.delimiter.data)
        steps.reopen(found)
    return shell.back(url_for("customers.show_import", import_id=import_id))


@bp.post("/customers/imports/<int:import_id>/sheet")
@guard.role("marketer", personal_data=guard.SHOWN)
def choose_sheet(import_id: int) -> ResponseReturnValue:
    """Read another sheet of a workbook."""
    form = SheetForm()
    try:
        with services().database.transaction(g.workspace.id) as session:
            found = steps.get(session, g.workspace.id, import_id)
            form.offer(found.sheets)
            if form.validate():
                # Converted before the import is held: nobody waits for a large workbook.
                converted = files.read_sheet(session, found, form.sheet.data)
                files.use_sheet(session, steps.held_open(session, g.workspace.id, import_id), converted)
                steps.reopen(found)
    except FileRefused as refusal:
        refusal.field = "sheet"
        form.refuse(refusal)
    if not form.errors:
        return shell.back(url_for("customers.show_import", import_id=import_id))
    with services().database.transaction(g.workspace.id) as session:
        found = steps.held_open(session, g.workspace.id, import_id)
        return _columns_page(session, found, sheet=form), 422


@bp.post("/customers/imports/<int:import_id>/columns")
@guard.role("marketer", personal_data=guard.SHOWN)
def decide_columns(import_id: int) -> ResponseReturnValue:
    """Take the meaning of the columns and rehearse."""
    with services().database.transaction(g.workspace.id) as session:
        found = steps.held_open(session, g.workspace.id, import_id)
        form = kinds.get(session, found.kind).form(session, g.workspace.id)
        chosen = {str(place): request.form.get(f"column-{place}", "") for place in range(len(found.header))}
        try:
            if not form.validate():
                raise mapping.MappingRefused
            mapping.decide(session, found, chosen, _options(form))
        except Refusal as refusal:
            form.refuse(refusal)
            return _columns_page(session, found, form=form, chosen=chosen), 422
        steps.check(session, found)
    return shell.back(url_for("customers.show_import", import_id=import_id))


@bp.post("/customers/imports/<int:import_id>/fix")
@guard.role("marketer", personal_data=guard.SHOWN)
def fix(import_id: int) -> ResponseReturnValue:
    """Read the file as suggested, and preview it again."""
    with services().database.transaction(g.workspace.id) as session:
        found = steps.held_open(session, g.workspace.id, import_id)
        steps.require(found, "checked")
        fixes.apply(session, found, fixes.Fix(request.form.get("what", ""), request.form.get("value", "")[:20]))
        steps.check(session, found)
    return shell.back(url_for("customers.show_import", import_id=import_id))


@bp.post("/customers/imports/<int:import_id>/start")
@guard.role("marketer", personal_data=guard.SHOWN)
def start(import_id: int) -> ResponseReturnValue:
    """Take the file over."""
    with services().database.transaction(g.workspace.id) as session:
        steps.start(session, steps.held(session, g.workspace.id, import_id))
    there = url_for("customers.show_import", import_id=import_id)
    return shell.back(there, _("The import is running. You can leave this page."))


@bp.post("/customers/imports/<int:import_id>/pause")
@guard.role("marketer")
def pause_import(import_id: int) -> ResponseReturnValue:
    """Have the run wait."""
    with services().database.transaction(g.workspace.id) as session:
        steps.pause(steps.held(session, g.workspace.id, import_id))
    return shell.back(url_for("customers.show_import", import_id=import_id), _("The import is paused."))


@bp.post("/customers/imports/<int:import_id>/cancel")
@guard.role("marketer")
def cancel_import(import_id: int) -> ResponseReturnValue:
    """End the run where it stands."""
    with services().database.transaction(g.workspace.id) as session:
        found = steps.held(session, g.workspace.id, import_id)
        steps.cancel(session, found, now=services().clock.now())
    return shell.back(url_for("customers.show_import", import_id=import_id), _("The import has ended early."))


@bp.post("/customers/imports/<int:import_id>/undo")
@guard.role("marketer", personal_data=guard.SHOWN)
def undo_import(import_id: int) -> ResponseReturnValue:
    """Take back what the file brought."""
    with services().database.transaction(g.workspace.id) as session:
        undo.ask(session, steps.held(session, g.workspace.id, import_id))
    there = url_for("customers.show_import", import_id=import_id)
    return shell.back(there, _("The import is being undone. You can leave this page."))


@bp.errorhandler(steps.NotReady)
def come_too_late(refusal: steps.NotReady) -> ResponseReturnValue:
    """Show the import as it is now, and why the step asked for is not possible."""
    import_id = (request.view_args or {})["import_id"]
    return shell.back(url_for("customers.show_import", import_id=import_id), errors.say(refusal), tone="warning")


def _upload_form(wanted: str = "") -> UploadForm:
    form = UploadForm()
    with services().database.transaction(g.workspace.id) as session:
        known = [(source.id, source.name) for source in catalogue.list_in_use(session, g.workspace.id)]
        offered = [(kind.name, kind.description) for kind in kinds.list_all(session)]
        form.offer(sorted(offered, key=lambda each: each[0] != wanted) if wanted else offered, known)
    return form


def _stored(form: UploadForm, given: Any) -> Import:
    with services().database.transaction(g.workspace.id) as session:
        found = files.store(
            session,
            g.workspace.id,
            given.stream,
            file_name=given.filename,
            kind=form.kind.data,
            source=form.source.data,
            source_note=form.source_note.data or "",
            staff_id=g.staff.id,
            now=services().clock.now(),
        )
        if form.source_id.data:
            catalogue.name_on(session, found, int(form.source_id.data), now=services().clock.now())
        return found


def _columns_page(
    session: Any,
    found: Import,
    *,
    form: FileMappingForm | None = None,
    chosen: dict[str, str] | None = None,
    sheet: SheetForm | None = None,
) -> str:
    kind = kinds.get(session, found.kind)
    rows = _sample(session, found)
    zone = g.workspace.time_zone
    proposal = proposals.make(session, found, rows, time_zone=zone, meant=chosen or found.mapping)
    return shell.page(
        "customers/columns.html",
        found=found,
        reading=ReadingForm(formdata=None, encoding=found.encoding, delimiter=found.delimiter),
        sheet=sheet or _sheet_form(found),
        form=form
        or kind.form(
            session,
            g.workspace.id,
            formdata=None,
            data=found.options or proposal.options,
        ),
        choices=kind.choices(session, found),
        preset=proposal.preset,
        columns=[_column(place, name, proposal.mapping, rows) for place, name in enumerate(found.header)],
        row_count=len(rows),
        twin=files.find_twin(session, found),
    )


def _sheet_form(found: Import) -> SheetForm:
    form = SheetForm(formdata=None, sheet=found.sheet)
    form.offer(found.sheets)
    return form


def _sample(session: Any, found: Import) -> list[list[str]]:
    """Return the first rows of the file, without the heading."""
    sample = files.sample_of(session, found)
    laid_out = reading.layout(sample, found.encoding, found.delimiter)
    return list(reading.sample_rows(sample, laid_out, limit=proposals.SAMPLE_ROWS + 1))[1:]


def _causes(session: Any, found: Import) -> list[dict[str, Any]]:
    """Return why rows would be given back, the most frequent cause first, and what would help."""
    causes = found.rehearsal.get("causes", []) if found.state == "checked" else []
    rows = _sample(session, found) if causes else []
    return [
        {
            "rows": cause["rows"],
            "example": found.line(cause["row"]),
            "sentence": progress.say(cause["reason"], cause["detail"], progress.heading(found, cause.get("place"))),
            "fixes": [
                _said(found, fix)
                for fix in fixes.suggest(session, found, cause, rows, time_zone=g.workspace.time_zone)
            ],
        }
        for cause in sorted(causes, key=lambda cause: -cause["rows"])
    ]


def _said(found: Import, fix: fixes.Fix) -> dict[str, str]:
    label = {
        "dmy": _("Read dates day first"),
        "mdy": _("Read dates month first"),
        ",": _("Read the comma as decimal mark"),
        ".": _("Read the point as decimal mark"),
        "create": _("Add unknown people"),
    }.get(fix.value) or _("Skip this column")
    return {"what": fix.what, "value": fix.value, "label": label}


def _column(place: int, name: str, meant: dict[str, str], rows: list[list[str]]) -> dict[str, Any]:
    cells = [row[place] if place < len(row) else "" for row in rows[:SHOWN_ROWS]]
    shown = [cell.replace(reading.UNREADABLE, "\ufffd").replace("\0", "\ufffd")[:80] for cell in cells]
    return {"place": place, "name": name, "target": meant.get(str(place), ""), "cells": shown}


def _options(form: FileMappingForm) -> mapping.Options:
    """Return what was chosen; what a file of this kind is not asked stays as it is for everybody."""
    said = {name: value for name, value in form.data.items() if name != "csrf_token" and value is not None}
    return mapping.Options(**said, time_zone=g.workspace.time_zone)
