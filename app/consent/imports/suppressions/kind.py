"""Suppressions as a kind of import: addresses, or their hashes, with why and since when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.consent import suppression
from app.consent.imports.suppressions import address_hashes, undoing
from app.consent.imports.suppressions.address_hashes import ForeignHash
from app.customers.addresses import emails
from app.customers.imports.declared import columns
from app.customers.imports.declared.columns import Column, Read, Unreadable
from app.customers.imports.declared.declaration import Declaration, Known
from app.customers.imports.declared.kind import DeclaredKind
from app.customers.imports.declared.rows import DeclaredReader, DeclaredRow, Told, Unfit
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.models import Import
from app.customers.imports.refused import NOBODY
from app.customers.imports.undoing.piece import Piece
from app.customers.words import LABELS
from app.kernel.translatable import N_

_STAGE = "suppression_stage"
# What other programs call the reasons for which an address is on their list.
_REASONS = {
    suppression.BOUNCED: "bounce, bounces, hard bounce, hard bounced, hardbounce, undeliverable, invalid,"
    " invalid email, invalid address, cleaned, dropped, unzustellbar, rebond, rebote, 退信, 硬退信, 无法投递",
    suppression.COMPLAINED: "complaint, complaints, spam, spam complaint, spam report, spam reported, abuse,"
    " reported as spam, beschwerde, plainte, queja, 投诉, 垃圾邮件投诉",
    suppression.OBJECTED: "objection, unsubscribed, unsubscribe, unsubscribes, opt out, opted out, opt-out, optout,"
    " user suppressed, abgemeldet, widerspruch, désinscrit, désabonné, baja, 退订, 已退订, 拒收",
    suppression.ERASED: "erasure, deleted, forgotten, gdpr, gelöscht, effacé, 已删除",
    suppression.MANUAL: "manually, added by the team, staff, blocked, blocklist, blocklisted, blacklist, blacklisted,"
    " suppressed, do not contact, do not mail, gesperrt, manuell, manuel, 手动, 黑名单",
    suppression.UNCONFIRMED: "changed address, not confirmed",
}
_EVERYTHING = "all, any, everything, global, globally, *, yes, account, workspace, all mail, all emails, alle, alles," \
    " tout, todo, tutto, 全部, 所有"
_SAID = columns.one_of(columns.words_of(_REASONS), "suppression")
_IS_WHOLE = columns.one_of(columns.words_of({"all": _EVERYTHING}), "scope")


def _no_hash(_text: str, _options: Options) -> bytes:
    raise Unreadable("hash")


def _hash_reader(digest_key: bytes) -> Read:
    def read(text: str, _options: Options) -> bytes:
        try:
            return address_hashes.read(text, digest_key)
        except ForeignHash:
            raise Unreadable("foreign_hash") from None
        except ValueError:
            raise Unreadable("hash") from None

    return read


def _digest(row: DeclaredRow, digest_key: bytes) -> str:
    told = row.told.get("address_hash") or emails.digest(row.told["email"], digest_key)
    return f"\\x{told.hex()}"


_HASH = Column("address_hash", N_("Hash of the address"), _no_hash)
_COLUMNS = (
    Column("email", LABELS["email"], columns.email),
    _HASH,
    Column("reason", N_("Reason"), _SAID),
    Column("since", N_("Suppressed since"), columns.moment, "timestamptz"),
    Column("scope", N_("What mail it is suppressed for"), _IS_WHOLE),
)
_DECLARED = Declaration(
    stage=_STAGE,
    columns=_COLUMNS,
    further={"digest": "bytea"},
    derived={"digest": _digest},
    settle=(
        f"UPDATE {_STAGE} SET outcome = 'future', detail = CAST(since AS text)"
        " WHERE since > CAST(:now AS timestamptz) + interval '1 day'",
        # An address and its hash are one.
        f"""UPDATE {_STAGE} s SET outcome = 'repeated' WHERE s.outcome = 'created' AND s.row > (
                SELECT min(o.row) FROM {_STAGE} o WHERE o.digest = s.digest AND o.outcome = 'created')""",
    ),
    # The first reason stays.
    known=Known("suppressions", "t.address_digest = s.digest", lambda _told, _options: {}),
    write=(
        f"""INSERT INTO suppressions AS t (workspace_id, address_digest, reason, source, at, import_ids)
            SELECT :w, s.digest, coalesce(s.reason, '{suppression.MANUAL}'), :file,
                   least(coalesce(s.since, :now), :now), ARRAY[CAST(:import_id AS bigint)]
            FROM {_STAGE} s WHERE s.outcome = 'created' ORDER BY s.digest
            ON CONFLICT (workspace_id, address_digest) DO UPDATE
            SET import_ids = t.import_ids || CAST(:import_id AS bigint)""",
        # It stays as long as any file names it.
        f"""UPDATE suppressions t SET import_ids = t.import_ids || CAST(:import_id AS bigint)
            FROM {_STAGE} s
            WHERE s.outcome = 'unchanged' AND t.workspace_id = :w AND t.address_digest = s.digest
              AND NOT t.import_ids @> ARRAY[CAST(:import_id AS bigint)]""",
    ),
)


class Suppressions(DeclaredKind):
    """One address a row, by itself or by its hash; who is on the list already stays as they are."""

    name = "suppressions"
    label = N_("Suppression list")
    description = N_("Suppressed addresses, which get no mail")
    declared = _DECLARED
    known_by = ("email", "address_hash")
    hint = N_("Choose the column that holds the email address, or its hash.")
    fills = False

    def identify(self, told: Told) -> tuple[str, str]:
        if "email" in told:
            return told["email"], told["email"]
        if "address_hash" not in told:
            raise Unfit(NOBODY, "email")
        hashed = told["address_hash"].hex()
        return f"#{hashed}", hashed[:12]

    def reader(self, session: Session, found: Import, options: Options) -> DeclaredReader:
        read = _hash_reader(workspaces.get(session, found.workspace_id).digest_key)
        own = tuple(replace(each, read=read) if each is _HASH else each for each in _COLUMNS)
        return DeclaredReader(own, self.identify, found, options)

    def undo(self, session: Session, found: Import, *, after: int, now: datetime) -> Piece:  # noqa: ARG002
        return undoing.undo(session, found, after=after)

