"""What `assent import` answers a program: its shape is published as docs/import-report.schema.json and stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from app.customers.imports.models import Import, RefusedRow
from app.customers.imports.refused import REASONS


class FileInfo(BaseModel):
    """The file and how it was read."""

    name: str
    sha256: str
    size_bytes: int
    format: Literal["csv", "jsonl", "workbook"]
    encoding: str
    delimiter: str
    sheet: str = Field(description="The sheet that was read; empty unless it is a workbook.")


class ColumnInfo(BaseModel):
    """A column and what it was taken for; a field of null says that it is left out."""

    position: int = Field(description="From 1, as people count.")
    heading: str
    field: str | None


class RowSample(BaseModel):
    """A row, by its number in the file (the heading is row 1; of JSON Lines the line), and each value it brings."""

    row: int
    who: str = Field(description="The email, number or order the row is about.")
    values: dict[str, tuple[Any, Any]] = Field(description="By field: the value there is, and the one it becomes.")


class Samples(BaseModel):
    """The first rows of each outcome."""

    created: list[RowSample] = []
    changed: list[RowSample] = []
    unchanged: list[RowSample] = []


class RefusedInfo(BaseModel):
    """A row that is refused, and why."""

    row: int
    column: str | None = Field(description="The heading of the column at fault, where it is one.")
    field: str | None
    reason: str = Field(description="A code that stays, such as address, date or unknown.")
    detail: str
    sentence: str


class CauseInfo(BaseModel):
    """Rows that are refused for the same reason in the same column, with the first of them."""

    reason: str
    column: str | None
    field: str | None
    rows: int
    sample: RefusedInfo


class MailableInfo(BaseModel):
    """Who becomes mailable, and what comes of the other rows that speak of consent."""

    count: int
    people: list[str] = Field(description="The first of them, by email.")
    consent: dict[str, int] = Field(description="Numbers by outcome, such as no_recorded or unknown_topic.")


class Assumed(BaseModel):
    """What was made for a workspace that exists only for this dry run, because the file names it."""

    topics: list[str] = []
    fields: list[str] = []


class Report(BaseModel):
    """What an import did, or would do."""

    version: Literal[1] = 1
    dry_run: bool
    kind: str
    workspace: int | None = Field(description="Null where nobody was known: a dry run without an installation.")
    import_id: int | None
    file: FileInfo
    columns: list[ColumnInfo]
    options: dict[str, Any]
    assumed: Assumed
    rows: int
    created: int
    changed: int
    unchanged: int
    refused: int
    repeated: int = Field(description="Further rows of somebody whom an earlier row names.")
    joined: int = Field(description="Further rows of something whose first row is counted.")
    people_created: int = Field(description="People added because another kind of file names them.")
    changed_fields: dict[str, int] = Field(description="In how many rows each field of something known changes.")
    samples: Samples
    refusals: list[CauseInfo] = Field(description="Refused rows by cause, the most frequent first.")
    refused_rows: list[RefusedInfo] = Field(description="Each refused row in the order of the file, as far as listed.")
    all_refused_listed: bool
    mailable: MailableInfo


def schema() -> dict[str, Any]:
    """Return the published JSON schema."""
    return Report.model_json_schema(mode="serialization")


def begin(found: Import, *, dry_run: bool, workspace: int | None, counts: Mapping[str, Any]) -> Report:
    """Return the report of a file with its counts; samples and refused rows are added to it."""
    number = {name: int(counts.get(name, 0)) for name in _COUNTED}
    consent = {
        name.removeprefix("consent_"): value
        for name, value in sorted(counts.items())
        if name in _SAID or (name.startswith("consent_") and name != "consent_granted")
    }
    return Report(
        dry_run=dry_run,
        kind=found.kind,
        workspace=workspace,
        import_id=found.id or None,
        file=FileInfo(
            name=found.file_name,
            sha256=found.sha256,
            size_bytes=found.size_bytes,
            format=found.format,
            encoding=found.encoding,
            delimiter=found.delimiter,
            sheet=found.sheet or "",
        ),
        columns=[
            ColumnInfo(position=place + 1, heading=heading, field=found.mapping.get(str(place)))
            for place, heading in enumerate(found.header)
        ],
        options=found.options,
        assumed=Assumed(),
        rows=sum(number[name] for name in _ROWS),
        changed=number["updated"],
        **{name: number[name] for name in ("created", "unchanged", "refused", "repeated", "joined", "people_created")},
        changed_fields={},
        samples=Samples(),
        refusals=[],
        refused_rows=[],
        all_refused_listed=True,
        mailable=MailableInfo(count=int(counts.get("consent_granted", 0)), people=[], consent=consent),
    )


def samples(found: Import, told: Mapping[str, Sequence[Sequence[Any]]]) -> Samples:
    """Return the rows a preview shows."""
    rows = {
        _SAMPLED[name]: [RowSample(row=found.line(row), who=who, values=values) for row, who, values in kept]
        for name, kept in told.items()
    }
    return Samples(**rows)


def refused(found: Import, row: RefusedRow | Mapping[str, Any]) -> RefusedInfo:
    """Return a refused row as it is told."""
    told = row if isinstance(row, Mapping) else vars(row)
    place, reason, detail = told["place"], told["reason"], told["detail"]
    if place is None and reason == "nobody" and detail in found.header:
        place = found.header.index(detail)
    column = found.header[place] if place is not None and place < len(found.header) else None
    sentence = str(REASONS[reason]) % {"detail": detail}
    return RefusedInfo(
        row=found.line(told["row"]),
        column=column,
        field=found.mapping.get(str(place)) if place is not None else None,
        reason=reason,
        detail=detail,
        sentence=f"Column “{column}”: {sentence}" if column and reason != "nobody" else sentence,
    )


def cause(found: Import, first: RefusedRow | Mapping[str, Any], rows: int) -> CauseInfo:
    """Return rows refused for one cause, of which this is the first."""
    sample = refused(found, first)
    return CauseInfo(reason=sample.reason, column=sample.column, field=sample.field, rows=rows, sample=sample)


def as_lines(report: Report) -> Iterator[str]:
    """Yield the report for somebody who reads."""
    would = "would be " if report.dry_run else ""
    place = "where nobody is known yet" if report.workspace is None else f"in workspace {report.workspace}"
    yield f"{report.file.name}: {report.kind}, {report.rows} rows, {place}"
    taken = ", ".join(f"{each.heading or each.position} = {each.field}" for each in report.columns if each.field)
    left = ", ".join(each.heading or str(each.position) for each in report.columns if not each.field)
    yield f"Columns: {taken}" + (f"; left out: {left}" if left else "")
    numbers = (report.created, report.changed, report.unchanged, report.refused)
    words = ("created", "changed", "unchanged", "refused")
    yield ", ".join(f"{number} {would}{word}" for number, word in zip(numbers, words, strict=True))
    if report.repeated or report.joined:
        yield f"{report.repeated} repeat somebody, {report.joined} belong to an earlier row"
    if report.people_created:
        yield f"{report.people_created} people {would}added"
    consent = ", ".join(f"{name} {number}" for name, number in report.mailable.consent.items())
    if report.mailable.count or consent:
        yield f"{report.mailable.count} {would}mailable" + (f" ({consent})" if consent else "")
    for name, number in report.changed_fields.items():
        yield f"  {name} changes in {number} rows"
    for outcome, kept in (("new", report.samples.created), ("changed", report.samples.changed)):
        for sample in kept:
            values = ", ".join(f"{name}: {_change(*value)}" for name, value in sample.values.items())
            yield f"  row {sample.row} {outcome}: {sample.who} ({values})"
    for each in report.refusals:
        yield f"  {each.rows} refused, first row {each.sample.row}: {each.sample.sentence}"


def _change(before: Any, after: Any) -> str:
    return str(after) if before is None else f"{before} → {after}"


_ROWS = ("created", "updated", "unchanged", "refused", "repeated", "joined")
_COUNTED = (*_ROWS, "people_created")
_SAID = ("said_yes", "said_no", "claimed_only")
_SAMPLED = {"created": "created", "updated": "changed", "unchanged": "unchanged"}
