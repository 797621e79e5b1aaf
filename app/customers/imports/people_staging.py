"""Stages checked people in a temporary table and merges them into customers in a few statements.

Rows that change nothing are not written. A rehearsal runs the same statements up to the comparison.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.addresses import bulk, emails, projection, queries
from app.customers.imports import people_addresses
from app.customers.imports.mapping.mapping import ADDRESSES, COLUMNS, EITHER, Options
from app.customers.imports.models import Import
from app.customers.imports.parsing import named_things, repeats
from app.customers.imports.parsing.batches import Batch
from app.customers.imports.parsing.people_rows import PersonRow
from app.customers.imports.previewing import people_samples
from app.customers.imports.previewing.samples import Seen
from app.customers.imports.refused import TWO_PEOPLE
from app.customers.profiles import marks, people
from app.kernel import database
from app.kernel.sql import arrays, json_objects

_STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS people_stage (
        row bigint, email text, email_key text COLLATE "C", digest bytea, provider text, external_ref text,
        first_name text, last_name text, language text, country text, city text, time_zone text,
        kind text, gender text, birth_date date, occupation text, position text, preferred_channel text,
        preferred_media text, information_sources text,
        tags text[], custom jsonb, is_silent boolean NOT NULL DEFAULT false, customer_id bigint,
        outcome text NOT NULL DEFAULT 'created'
    ) ON COMMIT DELETE ROWS
"""
TAKEN, OVERFULL = "taken", "tags"
# Whom the row `s` is about, as a subquery: by any email somebody has now, or by their number.
_OWNER = {
    "email": queries.OWNER_OF_EMAIL.format(key="s.email_key"),
    "external_ref": queries.OWNER_OF_NUMBER.format(number="s.external_ref"),
    # Found before, by the number where it is somebody's, else by the email.
    EITHER: "SELECT s.customer_id AS id",
}


@dataclass
class Outcome:
    """What came of a set of rows: how many of each outcome, which rows cannot be taken, who the rows are."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    customer_ids: dict[int, int] = field(default_factory=dict)
    # The rows whose people this very transaction added: nobody else sees them yet.
    added: set[int] = field(default_factory=set)
    # The rows whose people an email alone tells, where others are told by their number: it changes no email.
    by_email: set[int] = field(default_factory=set)


class PeopleStage:
    """The statements for one file's mapping."""

    def __init__(self, found: Import, options: Options) -> None:
        targets = set(found.mapping.values())
        self.options = options
        self.profile = [name for name in COLUMNS if name in targets]
        self.custom = sorted(target[7:] for target in targets if target.startswith("custom."))
        self.has_email = "email" in targets
        self.has_tags = "tags" in targets
        self.has_addresses = bool(targets & set(ADDRESSES))
        self.has_silent = options.repeats != "merge"
        self.binds: dict[str, Any] = {"w": found.workspace_id, "keys": self.custom, **marks.binds(found)}
        self.binds.update({f"key_{number}": key for number, key in enumerate(self.custom)})

    def lay_out(self, batch: Batch, digest_key: bytes) -> tuple[bytes, ...]:
        """Return the rows as COPY reads them; this needs no database, so it is done while the database is busy."""
        has_email, has_tags, has_custom = self.has_email, self.has_tags, bool(self.custom)
        lines = []
        for row in batch.people:
            cells = [str(row.row), *row.said]
            if has_email:
                cells += (row.email, row.key, emails.provider_of(row.key.rpartition("@")[2]) if row.key else "")
            if has_tags:
                cells.append(_array(row.tags))
            if has_custom:
                cells.append(json.dumps(row.custom, ensure_ascii=False))
            if self.has_silent:
                cells.append("t" if row.is_silent else "f")
            line = "\t".join(cells)
            if "\\" in line:
                line = line.replace("\\", "\\\\")
            if has_email and row.key:
                row.address_digest = emails.digest(row.key, digest_key)
                line += "\t\\\\x" + row.address_digest.hex()
            elif has_email:
                line += "\t"
            lines.append(line)
        lines.append("")
        people = "\n".join(lines).encode()
        return (people, people_addresses.lay_out(batch, digest_key)) if self.has_addresses else (people,)

    def load(self, session: Session, laid_out: tuple[bytes, ...]) -> None:
        """Bring the rows to the database; nobody waits for this."""
        session.execute(text(_STAGE))
        database.copy_text(session, "people_stage", self._columns(), laid_out[0])
        if self.has_addresses:
            people_addresses.load(session, laid_out[1])

    def take_over(
        self, session: Session, batch: Batch, digest_key: bytes, *, rehearse: bool, now: datetime
    ) -> Outcome:
        """Write what is new or different of the rows loaded; return what came of every row."""
        strangers = named_things.settle(session, self.binds["w"], batch.people, self.custom)
        found = Outcome()
        known = self._compare(session, found, now=now)
        if self._join_known(batch, known):
            batch.laid_out = self.lay_out(batch, digest_key)
            session.execute(text("DELETE FROM people_stage"))
            self.load(session, batch.laid_out)
            known = self._compare(session, found, now=now)
        rows = batch.people
        refused = {row: OVERFULL for row, (_, outcome) in known.items() if outcome == OVERFULL}
        refused |= dict.fromkeys(self._find_taken(session), TAKEN)
        refused |= {row: reason for row, reason, _ in found.refused}
        if self.has_addresses:
            refused |= self._refuse_addresses(session)
            known = self._mark_new_addresses(session, known)
        refused |= dict.fromkeys(strangers, named_things.UNKNOWN)
        named_things.leave_out(session, strangers)
        outcomes = Counter(outcome for row, (_, outcome) in known.items() if row not in refused)
        outcomes["created"] = len(rows) - len(known.keys() | refused.keys())
        again = [row.row for row in rows if row.is_again and row.row not in refused]
        outcomes -= Counter(known[row][1] if row in known else "created" for row in again)
        found.counts = +outcomes
        if refused:
            found.refused = [_refusal(row, refused[row.row], strangers) for row in rows if row.row in refused]
        found.customer_ids = {row: customer_id for row, (customer_id, _) in known.items() if row not in refused}
        if not rehearse:
            has_new = len(rows) > len(known.keys() | refused.keys())
            self._write(session, found, {outcome for _, outcome in known.values()}, now, has_new=has_new)
        return found

    def _refuse_addresses(self, session: Session) -> dict[int, str]:
        refused = people_addresses.refuse(session, self.binds["w"], has_email=self.has_email)
        for reason in set(refused.values()):
            rows = [row for row, why in refused.items() if why == reason]
            session.execute(text(_REFUSE), {"rows": rows, "outcome": reason})
        return refused

    def _mark_new_addresses(self, session: Session, known: dict[int, tuple[int, str]]) -> dict[int, tuple[int, str]]:
        """Whoever gets an address they do not have is changed by the row."""
        new = people_addresses.find_new(session, self.binds["w"])
        rows = [row for row in new if row in known and known[row][1] == "unchanged"]
        if not rows:
            return known
        session.execute(text(_CHANGE), {"rows": rows})
        return known | {row: (known[row][0], "updated") for row in rows}

    def show(self, session: Session, batch: Batch, *, most: int) -> Seen:
        """Return what a rehearsal showed of the rows."""
        values = self._values(self._news())
        return people_samples.show(
            session, batch.people, values, names=self.profile, binds=self.binds, most=most
        )

    def _columns(self) -> list[str]:
        names = ["row", *self.profile]
        names += ["email", "email_key", "provider"] if self.has_email else []
        names += ["tags"] if self.has_tags else []
        names += ["custom"] if self.custom else []
        names += ["is_silent"] if self.has_silent else []
        return [*names, "digest"] if self.has_email else names

    def _compare(self, session: Session, found: Outcome, *, now: datetime) -> dict[int, tuple[int, str]]:
        """Return whom we know of the rows, by row: their id, and whether the row changes anything.

        What is known better or newer than the file can tell stays: the rows say nothing of it any more.
        """
        if self.options.match_by == EITHER:
            self._find_by_either(session, found)
        known = self._find_known(session)
        if any(outcome == "updated" for _, outcome in known.values()) and self._yield(session, now=now):
            known = self._find_known(session)
        return known

    def _find_by_either(self, session: Session, found: Outcome) -> None:
        """Find people by number, else by email; a row whose two answers disagree is about nobody."""
        rows = self._run(session, _FIND_BY_EITHER).all()
        found.by_email = {row for row, _, is_by_email in rows if is_by_email}
        found.refused = [(row, TWO_PEOPLE, "") for row, is_refused, _ in rows if is_refused]

    def _yield(self, session: Session, *, now: datetime) -> int:
        """Put what is known in the place of what the rows say less surely; return of how many people."""
        statement = marks.yielding(
            self.profile,
            range(len(self.custom)),
            clears=self.options.clears_empty,
            with_tags=self.has_tags,
            with_email=self.options.match_by != "email" and self.has_email,
        )
        return int(self._run(session, statement, **marks.believed_since(now)).rowcount) if statement else 0

    def _find_known(self, session: Session) -> dict[int, tuple[int, str]]:
        news = self._news()
        different = "false"
        if news:
            olds = ", ".join(f"c.{name}" for name in news)
            different = f"NOT s.is_silent AND ROW({olds}) IS DISTINCT FROM ROW({', '.join(news.values())})"
        overfull = f"cardinality({news['tags']}) > {people.MOST_TAGS}" if self.has_tags else "false"
        # One look into an index for each row, whatever the planner thinks it knows of tables that grow meanwhile.
        found = self._run(
            session,
            f"""SELECT s.row, c.id, CASE WHEN NOT c.is_different THEN 'unchanged'
                    WHEN c.is_overfull THEN '{OVERFULL}' ELSE 'updated' END
                FROM people_stage s CROSS JOIN LATERAL ({_OWNER[self.options.match_by]}) owner
                CROSS JOIN LATERAL (
                    SELECT c.id, {different} AS is_different, {overfull} AS is_overfull FROM customers c
                    WHERE c.workspace_id = :w AND c.id = owner.id LIMIT 1) c""",
        )
        known = {row: (customer_id, outcome) for row, customer_id, outcome in found}
        if known:
            ids, outcomes = zip(*known.values(), strict=True)
            binds = {"rows": list(known), "ids": list(ids), "outcomes": list(outcomes)}
            self._run(session, _MARK_KNOWN, **binds)
        return known

    def _join_known(self, batch: Batch, known: dict[int, tuple[int, str]]) -> bool:
        """Join the rows of one customer, who may have several emails but one number only."""
        customer_ids = {row: customer_id for row, (customer_id, _) in known.items()}
        if len(set(customer_ids.values())) == len(customer_ids):
            return False
        return repeats.join_known(batch, customer_ids, self.options, self.profile)

    def _find_taken(self, session: Session) -> set[int]:
        """Return the rows whose other mark, number or address, is somebody else's."""
        if self.options.match_by == EITHER:
            return set()
        other = "external_ref" if self.options.match_by == "email" else "email"
        if not (self.has_email if other == "email" else other in self.profile):
            return set()
        rows = self._run(
            session,
            f"""UPDATE people_stage t SET outcome = 'taken'
                FROM people_stage s CROSS JOIN LATERAL ({_OWNER[other]}) owner
                WHERE t.row = s.row AND owner.id IS DISTINCT FROM s.customer_id RETURNING t.row""",
        )
        return set(rows.scalars())

    def _news(self) -> dict[str, str]:
        """Return for each column what it will hold, as SQL over the customer `c` and the row `s`."""
        clears = self.options.clears_empty
        news = {name: f"s.{name}" if clears else f"coalesce(s.{name}, c.{name})" for name in self.profile}
        if self.options.match_by != "email" and self.has_email:
            for name, staged in _ADDRESS:
                news[name] = f"CASE WHEN s.email_key IS NULL THEN c.{name} ELSE s.{staged} END"
        if self.has_tags:
            news["tags"] = "s.tags" if clears else _JOINED_TAGS
        if self.custom:
            kept = "(c.custom - CAST(:keys AS text[]))" if clears else "c.custom"
            news["custom"] = f"{kept} || s.custom"
        if self.options.conflict == "fill":
            news = {name: _FILLED.get(name, "coalesce(c.{name}, {new})").format(name=name, new=new)
                    for name, new in news.items()}
        return news

    def _write(
        self, session: Session, found: Outcome, outcomes: set[str], now: datetime, *, has_new: bool
    ) -> None:
        news = self._news()
        if "updated" in outcomes:
            self._run(session, self._keep_before(news))
            names = [name for name in news if name not in projection.COLUMNS]
            sets = "".join(f"{name} = {news[name]}, " for name in names)
            self._run(
                session,
                f"""UPDATE customers c SET {sets}provenance = {self._provenance(news)}, updated_at = :now
                    FROM people_stage s
                    WHERE c.workspace_id = :w AND c.id = s.customer_id AND s.outcome = 'updated'""",
                now=now,
            )
            if self.options.match_by != "email" and self.has_email:
                if self.options.conflict == "fill":
                    self._run(session, _KEEP_EMAILS)
                bulk.change_emails(session, self.binds, now=now)
        if has_new:
            added = self._run(session, _INSERT, now=now).all()
            found.customer_ids.update(added)
            found.added = {row for row, _ in added}
        if self.has_addresses:
            people_addresses.add(session, self.binds, found.customer_ids, now=now)

    def _values(self, news: dict[str, str]) -> list[tuple[str, str, str]]:
        """Return (name, old, new) of each value whose origin is kept, as SQL."""
        found = [(f"'{name}'", f"c.{name}", new) for name, new in news.items() if name in _MARKED]
        for number in range(len(self.custom)):
            key = f"CAST(:key_{number} AS text)"
            old, said = f"c.custom -> {key}", f"s.custom -> {key}"
            found.append((f"'custom.' || {key}", old, self._new_custom(old, said)))
        return found

    def _new_custom(self, old: str, said: str) -> str:
        """Return what one of the workspace's own fields will hold, without building all of them for it."""
        if self.options.conflict == "fill":
            return f"coalesce({old}, {said})"
        return f"({said})" if self.options.clears_empty else f"coalesce({said}, {old})"

    def _provenance(self, news: dict[str, str]) -> str:
        """Return the SQL that marks this file as the origin of what it changes, and of nothing else."""
        pairs = [
            f"{key}, CASE WHEN {old} IS DISTINCT FROM {new} THEN {_HERE} END" for key, old, new in self._values(news)
        ]
        return f"c.provenance || jsonb_strip_nulls({json_objects.build(pairs)})"

    def _keep_before(self, news: dict[str, str]) -> str:
        """Return the statement that keeps what changes as it was, with its mark: what an undo gives back.

        Of several changes by one file the first tells how it was before it.
        """
        pairs = [
            f"{key}, CASE WHEN {old} IS DISTINCT FROM {new} THEN jsonb_build_array({old}, c.provenance -> {key}"
            f"{', c.address_id' if key == _EMAIL else ''}) END"
            for key, old, new in self._values(news)
        ]
        pairs.append("'updated_at', jsonb_build_array(c.updated_at)")
        return f"""
            INSERT INTO import_changes AS x (workspace_id, import_id, kind, row_id, before)
            SELECT :w, :import_id, 'customer', c.id, jsonb_strip_nulls({json_objects.build(pairs)})
            FROM people_stage s JOIN customers c ON c.workspace_id = :w AND c.id = s.customer_id
            WHERE s.outcome = 'updated'
            ON CONFLICT (workspace_id, import_id, kind, row_id) DO UPDATE SET before = excluded.before || x.before"""

    def _run(self, session: Session, statement: str, **more: Any) -> Any:
        prepared = text(statement)
        known = {**self.binds, **more}
        return session.execute(prepared, {name: known[name] for name in prepared._bindparams})


def _refusal(row: PersonRow, reason: str, strangers: dict[int, str]) -> tuple[int, str, str]:
    if reason == named_things.UNKNOWN:
        return row.row, reason, strangers[row.row][:200]
    if reason == people_addresses.TOO_MANY:
        return row.row, reason, str(len(row.addresses))
    if reason == TWO_PEOPLE:
        return row.row, reason, f"{row.number} / {row.email}"
    return row.row, reason, ", ".join(row.tags)[:200] if reason == OVERFULL else row.number or row.email


@lru_cache(maxsize=8192)
def _array(tags: tuple[str, ...]) -> str:
    """Write the tags once for each of the few combinations that most files are made of."""
    return arrays.texts(tags)


_ADDRESS = (("email", "email"), ("email_key", "email_key"), ("address_digest", "digest"), ("provider", "provider"))
_HERE = marks.of_row("s.row")
# Columns that follow from the address are not told by the file themselves.
_EMAIL = "'email'"
_MARKED = (*COLUMNS, "email", "tags")
# What is known stays; tags only add up, and of the workspace's own fields each counts for itself.
_FILLED = {
    "tags": "{new}",
    "custom": "({new}) || c.custom",
    "provider": "CASE WHEN c.email_key IS NULL THEN {new} ELSE c.provider END",
}
_KEEP_EMAILS = """
    UPDATE people_stage s SET email = NULL, email_key = NULL, digest = NULL, provider = NULL FROM customers c
    WHERE c.workspace_id = :w AND c.id = s.customer_id AND c.email_key IS NOT NULL
"""
_JOINED_TAGS = """CASE WHEN c.tags @> s.tags THEN c.tags
    ELSE ARRAY(SELECT DISTINCT tag COLLATE "C" FROM unnest(c.tags || s.tags) AS tag ORDER BY 1) END"""
_REFUSE = "UPDATE people_stage SET outcome = :outcome WHERE row = ANY(CAST(:rows AS bigint[]))"
_CHANGE = """
    UPDATE people_stage SET outcome = 'updated' WHERE outcome = 'unchanged' AND row = ANY(CAST(:rows AS bigint[]))
"""
_DIFFER = """(n.id <> e.id OR (n.id IS NULL AND s.external_ref IS NOT NULL AND e.external_ref IS NOT NULL))"""
_BY_EMAIL = "n.id IS NULL AND e.id IS NOT NULL"
# Whoever is found by an email keeps their primary one: it may be one they use beside it.
_FIND_BY_EITHER = f"""
    UPDATE people_stage t SET customer_id = CASE WHEN NOT coalesce({_DIFFER}, false) THEN coalesce(n.id, e.id) END,
        outcome = CASE WHEN {_DIFFER} THEN '{TWO_PEOPLE}' ELSE t.outcome END,
        {", ".join(f"{name} = CASE WHEN NOT ({_BY_EMAIL}) THEN t.{name} END" for _, name in _ADDRESS)}
    FROM people_stage s
    LEFT JOIN LATERAL ({_OWNER["external_ref"]}) n ON s.external_ref IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT c.id, c.external_ref FROM ({_OWNER["email"]}) owner
        JOIN customers c ON c.workspace_id = :w AND c.id = owner.id) e ON s.email_key IS NOT NULL
    WHERE t.row = s.row AND (n.id IS NOT NULL OR e.id IS NOT NULL)
    RETURNING t.row, coalesce({_DIFFER}, false), {_BY_EMAIL}
"""
_MARK_KNOWN = """
    UPDATE people_stage s SET customer_id = known.id, outcome = known.outcome
    FROM unnest(CAST(:rows AS bigint[]), CAST(:ids AS bigint[]), CAST(:outcomes AS text[])) AS known(row, id, outcome)
    WHERE s.row = known.row
"""
_INSERT = f"""
    WITH fresh AS MATERIALIZED (
        SELECT {projection.NEW_CUSTOMER_ID} AS id,
               CASE WHEN email_key IS NOT NULL THEN {projection.NEW_ADDRESS_ID} END AS address_id,
               row, email, email_key, digest, provider, {", ".join(COLUMNS)}, coalesce(tags, '{{}}') AS tags,
               coalesce(custom, '{{}}') AS custom, {marks.of_row("row")} AS origin
        FROM people_stage WHERE outcome = 'created'),
    {projection.adding_people([*COLUMNS, "tags", "custom"])}
    SELECT row, id FROM fresh
"""
