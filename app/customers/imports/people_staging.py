"""How do checked rows become customers? Laid into a temporary table, compared, and taken over in a few statements.

Rows that change nothing are not written. A rehearsal runs the same statements up to the comparison.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers import addresses, fields
from app.customers.imports.mapping import Options
from app.customers.imports.people_rows import PersonRow
from app.kernel import database

_STAGE = """
    CREATE TEMPORARY TABLE people_stage (
        row bigint, email text, email_key text COLLATE "C", digest bytea, provider text, external_ref text,
        first_name text, last_name text, language text, country text, city text, time_zone text,
        tags text[], custom jsonb, customer_id bigint, outcome text NOT NULL DEFAULT 'created'
    ) ON COMMIT DROP
"""
_MATCH = {"email": "c.email_key = s.email_key", "external_ref": "c.external_ref = s.external_ref"}


@dataclass
class Outcome:
    """What came of a set of rows: how many of each outcome, which rows cannot be taken, who the rows are."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    customer_ids: dict[int, int] = field(default_factory=dict)


class PeopleStage:
    """The statements for one file's mapping."""

    def __init__(self, workspace_id: int, import_id: int, mapping: dict[str, str], options: Options) -> None:
        targets = set(mapping.values())
        self.options = options
        self.profile = [name for name in fields.PROFILE if name in targets]
        self.custom = sorted(target[7:] for target in targets if target.startswith("custom."))
        self.has_email = "email" in targets
        self.has_tags = "tags" in targets
        self.binds: dict[str, Any] = {"w": workspace_id, "import_id": import_id, "keys": self.custom}
        self.binds.update({f"key_{number}": key for number, key in enumerate(self.custom)})

    def take_over(
        self, session: Session, rows: Sequence[PersonRow], digest_key: bytes, *, rehearse: bool, now: datetime
    ) -> Outcome:
        """Write what is new or different; return what came of every row."""
        self._lay_down(session, rows, digest_key)
        self._compare(session)
        if not rehearse:
            self._write(session, now)
        return self._outcome(session, [] if rehearse else rows)

    def _lay_down(self, session: Session, rows: Sequence[PersonRow], digest_key: bytes) -> None:
        session.execute(text(_STAGE))
        names = ["row", *self.profile]
        names += ["email", "email_key", "digest", "provider"] if self.has_email else []
        names += ["tags"] if self.has_tags else []
        names += ["custom"] if self.custom else []
        database.copy_rows(session, "people_stage", names, self._stage_rows(rows, digest_key))
        session.execute(text("ANALYZE people_stage (email_key, external_ref)"))

    def _stage_rows(self, rows: Sequence[PersonRow], digest_key: bytes) -> Iterator[list[Any]]:
        profile, has_email, has_tags, custom = self.profile, self.has_email, self.has_tags, bool(self.custom)
        for row in rows:
            said = row.values
            cells: list[Any] = [row.row, *[said[name] for name in profile]]
            if has_email and row.key:
                row.address_digest = addresses.digest(row.key, digest_key)
                provider = addresses.provider_of(row.key[row.key.rindex("@") + 1 :])
                cells += (said.get("email"), row.key, row.address_digest, provider)
            elif has_email:
                cells += _NO_ADDRESS
            if has_tags:
                cells.append(_array(row.tags))
            if custom:
                cells.append(json.dumps(row.custom, ensure_ascii=False))
            yield cells

    def _compare(self, session: Session) -> None:
        news = self._news()
        different = "false"
        if news:
            olds = ", ".join(f"c.{name}" for name in news)
            different = f"ROW({olds}) IS DISTINCT FROM ROW({', '.join(news.values())})"
        self._run(
            session,
            f"""UPDATE people_stage s SET customer_id = c.id,
                    outcome = CASE WHEN {different} THEN 'updated' ELSE 'unchanged' END
                FROM customers c WHERE c.workspace_id = :w AND {_MATCH[self.options.match_by]}""",
        )
        other = "external_ref" if self.options.match_by == "email" else "email"
        if (other == "email" and self.has_email) or other in self.profile:
            self._run(
                session,
                f"""UPDATE people_stage s SET outcome = 'taken' FROM customers c
                    WHERE c.workspace_id = :w AND {_MATCH[other]} AND c.id IS DISTINCT FROM s.customer_id""",
            )

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
        return news

    def _write(self, session: Session, now: datetime) -> None:
        news = self._news()
        if news:
            sets = ", ".join(f"{name} = {new}" for name, new in news.items())
            self._run(
                session,
                f"""UPDATE customers c SET {sets}, provenance = {self._provenance(news)}, updated_at = :now
                    FROM people_stage s
                    WHERE c.workspace_id = :w AND c.id = s.customer_id AND s.outcome = 'updated'""",
                now=now,
            )
        self._run(session, _INSERT, now=now)

    def _provenance(self, news: dict[str, str]) -> str:
        """Return the SQL that marks this file as the origin of what it changes, and of nothing else."""
        marks = [(f"'{name}'", f"c.{name}", new) for name, new in news.items() if name in _MARKED]
        for number in range(len(self.custom)):
            key = f"CAST(:key_{number} AS text)"
            marks.append((f"'custom.' || {key}", f"c.custom -> {key}", f"({news['custom']}) -> {key}"))
        pairs = ", ".join(f"{key}, CASE WHEN {old} IS DISTINCT FROM {new} THEN {_HERE} END" for key, old, new in marks)
        return f"c.provenance || jsonb_strip_nulls(jsonb_build_object({pairs}))"

    def _outcome(self, session: Session, rows: Sequence[PersonRow]) -> Outcome:
        found = Outcome()
        for outcome, number in session.execute(
            text("SELECT outcome, count(*) FROM people_stage WHERE outcome <> 'taken' GROUP BY 1")
        ):
            found.counts[outcome] += number
        taken = session.execute(
            text("SELECT row, coalesce(external_ref, email) FROM people_stage WHERE outcome = 'taken'")
        )
        found.refused = [(row, "taken", detail) for row, detail in taken]
        if any(row.answers for row in rows):
            found.customer_ids = self._customer_ids(session)
        return found

    def _customer_ids(self, session: Session) -> dict[int, int]:
        query = f"""SELECT s.row, c.id FROM people_stage s JOIN customers c
                    ON c.workspace_id = :w AND {_MATCH[self.options.match_by]} WHERE s.outcome <> 'taken'"""
        return dict(self._run(session, query).all())

    def _run(self, session: Session, statement: str, **more: Any) -> Any:
        prepared = text(statement)
        known = {**self.binds, **more}
        return session.execute(prepared, {name: known[name] for name in prepared._bindparams})


@lru_cache(maxsize=8192)
def _array(tags: tuple[str, ...]) -> str:
    """Return the tags as PostgreSQL writes an array; few combinations make up most files."""
    quoted = (tag.replace("\\", "\\\\").replace('"', '\\"') for tag in tags)
    return "{" + ",".join(f'"{tag}"' for tag in quoted) + "}"


_NO_ADDRESS = (None, None, None, None)
_ADDRESS = (("email", "email"), ("email_key", "email_key"), ("address_digest", "digest"), ("provider", "provider"))
_HERE = "jsonb_build_array(CAST(:import_id AS bigint), s.row)"
# Columns that follow from the address are not told by the file themselves.
_MARKED = (*fields.PROFILE, "email", "tags")
_JOINED_TAGS = """CASE WHEN c.tags @> s.tags THEN c.tags
    ELSE ARRAY(SELECT DISTINCT tag COLLATE "C" FROM unnest(c.tags || s.tags) AS tag ORDER BY 1) END"""
_INSERT = """
    WITH made AS (
        INSERT INTO customers (workspace_id, external_ref, email, email_key, address_digest, provider, first_name,
                               last_name, language, country, city, time_zone, tags, custom, provenance,
                               created_at, updated_at)
        SELECT :w, external_ref, email, email_key, digest, coalesce(provider, 'other'), first_name,
               last_name, language, country, city, time_zone, coalesce(tags, '{}'), coalesce(custom, '{}'),
               jsonb_build_object('*', jsonb_build_array(CAST(:import_id AS bigint), row)), :now, :now
        FROM people_stage WHERE outcome = 'created' ORDER BY row
        RETURNING workspace_id, id)
    INSERT INTO customer_engagement (workspace_id, customer_id) SELECT workspace_id, id FROM made
"""
