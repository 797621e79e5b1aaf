"""The tables of the customers room about a person: how their rows move in a merge and go in an erasure."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.customers.duplicates.models import DuplicatePair
from app.customers.erasing.models import AskedErasure
from app.customers.history.models import ReplacedValues
from app.customers.imports.models import Import, ImportChange, RefusedRow
from app.customers.life_cycle.models import LifeCycleCheck, LifeCycleMark, LifeCycleMove
from app.customers.merging import journal
from app.customers.merging.journal import Merging
from app.customers.merging.models import CustomerAlias, CustomerMerge, MergeChange
from app.customers.merging.person_tables import Erasing, Kept, PersonTable, moving
from app.customers.models import Activity, ActivityRef, Address, Customer, CustomField, Engagement, Traits
from app.customers.profiles.referred import PEOPLE
from app.customers.relations import kinds
from app.customers.relations.models import CustomerRelation, Household, HouseholdMember, OrganisationMember

_SUMS = ("sent_count", "open_count", "click_count", "machine_count", "orders", "spent", "items")
_LATEST = (
    *("latest_sent_at", "latest_open_at", "latest_click_at", "latest_reply_at", "latest_human_at"),
    "latest_purchase_at",
)
# So many contacts are remembered of a person, the newest first.
_CONTACTS = 40
_OTHER_SUMS = "FROM customer_engagement f WHERE f.workspace_id = :w AND f.customer_id = :former"
_SYMMETRIC = ", ".join(f"'{kind.name}'" for kind in kinds.KINDS.values() if kind.is_symmetric)
# Both people of a relation as the merge leaves them, in the order in which a relation of its kind is kept.
_ONE = "CASE WHEN t.customer_id = :former THEN :survivor ELSE t.customer_id END"
_OTHER = "CASE WHEN t.related_id = :former THEN :survivor ELSE t.related_id END"
_LOWER = f"CASE WHEN t.kind IN ({_SYMMETRIC}) THEN least({_ONE}, {_OTHER}) ELSE {_ONE} END"
_HIGHER = f"CASE WHEN t.kind IN ({_SYMMETRIC}) THEN greatest({_ONE}, {_OTHER}) ELSE {_OTHER} END"


def _merge_addresses(session: Session, merging: Merging) -> None:
    """Let the survivor have every address; theirs stay the primary ones, but where the other's email is chosen."""
    table, takes_email = Address, {"takes_email": merging.takes_email}
    same = "o.workspace_id = :w AND o.kind = t.kind AND o.key = t.key AND o.ended_at IS NULL"
    verified = f"(SELECT o.verified_at FROM addresses o WHERE {same} AND o.customer_id = :former LIMIT 1)"
    journal.change(
        session, merging, table, f"verified_at = {verified.replace('t.', 'b.')}",
        f"t.customer_id = :survivor AND t.ended_at IS NULL AND t.verified_at IS NULL AND {verified} IS NOT NULL",
    )  # fmt: skip
    journal.remove(
        session, merging, table,
        "t.customer_id = :former AND t.ended_at IS NULL"
        f" AND EXISTS (SELECT FROM addresses o WHERE {same} AND o.customer_id = :survivor)",
    )  # fmt: skip
    has_primary = (
        "EXISTS (SELECT FROM addresses o WHERE o.workspace_id = :w AND o.customer_id = {whose} AND o.kind = t.kind"
        " AND o.is_primary)"
    )
    chosen = "(CAST(:takes_email AS boolean) AND t.kind = 'email')"
    journal.change(
        session, merging, table, "is_primary = false",
        f"t.is_primary AND (t.customer_id = :former AND NOT {chosen} AND {has_primary.format(whose=':survivor')}"
        f" OR t.customer_id = :survivor AND {chosen} AND {has_primary.format(whose=':former')})",
        **takes_email,
    )  # fmt: skip
    journal.change(session, merging, table, "customer_id = :survivor", "t.customer_id = :former")


def _merge_sums(session: Session, merging: Merging) -> None:
    table = Engagement
    added = [(name, f"b.{name} + f.{name}") for name in _SUMS]
    latest = [(name, f"greatest(b.{name}, f.{name})") for name in _LATEST]
    first = [("first_purchase_at", "least(b.first_purchase_at, f.first_purchase_at)")]
    contacts = f"""(SELECT {{what}} FROM (
        SELECT at, topic FROM (
            SELECT * FROM unnest(b.recent_contact_at, b.recent_contact_topic) AS own(at, topic)
            UNION ALL SELECT * FROM unnest(f.recent_contact_at, f.recent_contact_topic) AS other(at, topic)) both_of
        ORDER BY at DESC LIMIT {_CONTACTS}) newest)"""
    recent = [
        ("recent_contact_at", contacts.format(what="coalesce(array_agg(at ORDER BY at DESC), '{}')")),
        ("recent_contact_topic", contacts.format(what="coalesce(array_agg(topic ORDER BY at DESC), '{}')")),
    ]
    names, values = zip(*added, *latest, *first, *recent, strict=True)
    sets = f"({', '.join(names)}) = (SELECT {', '.join(values)} {_OTHER_SUMS})"
    journal.change(session, merging, table, sets, f"t.customer_id = :survivor AND EXISTS (SELECT {_OTHER_SUMS})")
    journal.remove(session, merging, table, "t.customer_id = :former")


def _merge_traits(session: Session, merging: Merging) -> None:
    """What was inferred of half a person is inferred anew of the whole one."""
    journal.remove(session, merging, Traits, "t.customer_id = :former")


def _merge_memberships(session: Session, merging: Merging) -> None:
    journal.change(
        session, merging, OrganisationMember, "is_primary = false",
        "t.customer_id = :former AND t.is_primary AND EXISTS (SELECT FROM organisation_members s"
        " WHERE s.workspace_id = :w AND s.customer_id = :survivor AND s.is_primary)",
    )  # fmt: skip
    moving(OrganisationMember, unless="s.organisation_id = t.organisation_id")(session, merging)


def _merge_homes(session: Session, merging: Merging) -> None:
    """Nobody has two households: the survivor's stays, and one that is left without members goes."""
    moving(HouseholdMember, unless="true")(session, merging)
    left = (
        "SELECT CAST(x.before ->> 'household_id' AS bigint) FROM merge_changes x WHERE x.workspace_id = :w"
        " AND x.merge_id = :left_by AND x.table_name = 'household_members' AND x.kind = 'removed'"
    )
    empty = "NOT EXISTS (SELECT FROM household_members m WHERE m.workspace_id = :w AND m.household_id = t.id)"
    journal.remove(
        session, merging, Household, f"t.id IN ({left}) AND {empty}", left_by=merging.merge_id
    )  # fmt: skip


def _merge_relations(session: Session, merging: Merging) -> None:
    """Let the survivor be to others what both were; what the two were to each other is over."""
    table = CustomerRelation
    is_theirs = ":former IN (t.customer_id, t.related_id)"
    known = (
        f"EXISTS (SELECT FROM customer_relations o WHERE o.workspace_id = :w AND o.customer_id = {_LOWER}"
        f" AND o.related_id = {_HIGHER} AND o.kind = t.kind)"
    )
    second_referrer = (
        "t.kind = 'referred_by' AND t.customer_id = :former AND EXISTS (SELECT FROM customer_relations o"
        " WHERE o.workspace_id = :w AND o.customer_id = :survivor AND o.kind = t.kind)"
    )
    journal.remove(session, merging, table, f"{is_theirs} AND ({_ONE} = {_OTHER} OR {known} OR {second_referrer})")
    journal.change(
        session, merging, table, f"customer_id = {_LOWER}, related_id = {_HIGHER}".replace("t.", "b."), is_theirs
    )  # fmt: skip


def _merge_pairs(session: Session, merging: Merging) -> None:
    """The two are no pair any more; whom the former one may be, the survivor may be, unless that is known."""
    one, other = (f"CASE WHEN t.{name} = :former THEN :survivor ELSE t.{name} END" for name in ("one_id", "other_id"))
    is_theirs = ":former IN (t.one_id, t.other_id)"
    known = (
        f"EXISTS (SELECT FROM duplicate_pairs o WHERE o.workspace_id = :w AND o.one_id = least({one}, {other})"
        f" AND o.other_id = greatest({one}, {other}))"
    )
    # Whom staff told apart from the former one they told apart from the survivor, too.
    third = "CASE WHEN t.one_id = :survivor THEN t.other_id ELSE t.one_id END"
    told_apart = (
        "t.state <> 'distinct' AND :survivor IN (t.one_id, t.other_id) AND EXISTS (SELECT FROM duplicate_pairs o"
        " WHERE o.workspace_id = :w AND o.state = 'distinct'"
        f" AND o.one_id = least(:former, {third}) AND o.other_id = greatest(:former, {third}))"
    )
    journal.change(session, merging, DuplicatePair, "state = 'distinct'", told_apart)
    journal.remove(session, merging, DuplicatePair, f"{is_theirs} AND ({one} = {other} OR {known})")
    sets = f"one_id = least({one}, {other}), other_id = greatest({one}, {other})".replace("t.", "b.")
    journal.change(session, merging, DuplicatePair, sets, is_theirs)


def _merge_references(session: Session, merging: Merging) -> None:
    """Let fields of others that point to the former one point to the survivor."""
    query = select(CustomField.key).where(
        CustomField.workspace_id == merging.workspace_id, CustomField.refers_to == PEOPLE.name
    )
    for key in session.scalars(query):
        sets = "custom = jsonb_set(b.custom, ARRAY[:key], to_jsonb(CAST(:survivor AS bigint)))"
        where = "t.custom -> :key = to_jsonb(CAST(:former AS bigint)) AND t.id <> :former"
        journal.change(session, merging, Customer, sets, where, key=key)


def _erase_homes(session: Session, erasing: Erasing) -> None:
    """Take them out of their household, and their name out of its name; one without members goes."""
    session.execute(
        text(
            """
            UPDATE households h SET name = coalesce((
                SELECT string_agg(DISTINCT coalesce(c.last_name, c.first_name), ' / ') FROM household_members m
                JOIN customers c ON c.workspace_id = :w AND c.id = m.customer_id
                WHERE m.workspace_id = :w AND m.household_id = h.id AND c.id <> ALL(CAST(:ids AS bigint[]))), '–')
            FROM household_members own JOIN customers p ON p.workspace_id = :w AND p.id = own.customer_id
            WHERE h.workspace_id = :w AND own.workspace_id = :w AND own.customer_id = ANY(CAST(:ids AS bigint[]))
              AND own.household_id = h.id AND (strpos(lower(h.name), lower(p.first_name)) > 0
                OR strpos(lower(h.name), lower(p.last_name)) > 0 OR strpos(lower(h.name), lower(p.email)) > 0)
            """
        ),
        erasing.binds,
    )
    session.execute(
        text(
            """
            WITH gone AS (DELETE FROM household_members
                WHERE workspace_id = :w AND customer_id = ANY(CAST(:ids AS bigint[])) RETURNING household_id)
            DELETE FROM households h WHERE h.workspace_id = :w AND h.id IN (SELECT household_id FROM gone)
                AND NOT EXISTS (SELECT FROM household_members m WHERE m.workspace_id = :w AND m.household_id = h.id
                    AND m.customer_id <> ALL(CAST(:ids AS bigint[])))
            """
        ),
        erasing.binds,
    )


_SHOWN = """EXISTS (SELECT FROM unnest(CAST(:mentions AS text[])) mention
    WHERE lower(CAST(t.rehearsal AS text)) ~ mention OR lower(CAST(t.repeats AS text)) ~ mention)"""


def _blank_samples(session: Session, erasing: Erasing) -> None:
    """Forget the rows a preview showed, and whom a file named twice, where they are among them."""
    emptied = "rehearsal = t.rehearsal - ARRAY['samples', 'errors', 'causes', 'repeats'], repeats = '[]'"
    session.execute(
        text(f"UPDATE imports t SET {emptied} WHERE t.workspace_id = :w AND {_SHOWN}"), erasing.binds
    )


_OF_MERGES = """t.merge_id IN (SELECT m.id FROM customer_merges m WHERE m.workspace_id = :w
    AND (m.survivor_id = ANY(CAST(:ids AS bigint[])) OR m.former_id = ANY(CAST(:ids AS bigint[]))))"""
# What a merge did to others who pointed to them is theirs: told to nobody else, and gone when they are erased.
_OF_OTHERS = "t.table_name = 'customers' AND CAST(t.key ->> 'id' AS bigint)"
_TOLD_OF_MERGES = f"{_OF_MERGES} AND ({_OF_OTHERS} <> ALL(CAST(:ids AS bigint[]))) IS NOT TRUE"


def _erase_changes(session: Session, erasing: Erasing) -> None:
    """Delete what merges of theirs did, and what other merges did to them."""
    theirs = f"({_OF_MERGES} OR ({_OF_OTHERS} = ANY(CAST(:ids AS bigint[]))))"
    session.execute(text(f"DELETE FROM merge_changes t WHERE t.workspace_id = :w AND {theirs}"), erasing.binds)


# Sums come first, as in whoever hands messages off; `customers` last, since others refer to it.
SUMS = (PersonTable(Engagement, _merge_sums, None, sums=_SUMS),)
TABLES = (
    PersonTable(Traits, _merge_traits, None),
    PersonTable(Activity, moving(Activity), None, hidden=("verdict_version", "recorded_by")),
    PersonTable(ActivityRef, moving(ActivityRef), None),
    PersonTable(ReplacedValues, moving(ReplacedValues), None),
    PersonTable(LifeCycleMove, moving(LifeCycleMove), None),
    # Whom a job is to look at: whoever they became part of is marked by what moves to them.
    PersonTable(LifeCycleMark, None, None),
    PersonTable(LifeCycleCheck, None, None),
    PersonTable(OrganisationMember, _merge_memberships, None),
    PersonTable(HouseholdMember, _merge_homes, _erase_homes),
    PersonTable(Household, None, Kept("It names no person, and goes with its last member."), of_person=None),
    PersonTable(
        CustomerRelation,
        _merge_relations,
        None,
        of_person="t.customer_id = ANY(CAST(:ids AS bigint[])) OR t.related_id = ANY(CAST(:ids AS bigint[]))",
    ),
    PersonTable(AskedErasure, moving(AskedErasure, unless="true"), None, hidden=("silenced",)),
    PersonTable(
        DuplicatePair, _merge_pairs, None,
        of_person="t.one_id = ANY(CAST(:ids AS bigint[])) OR t.other_id = ANY(CAST(:ids AS bigint[]))",
    ),
    PersonTable(Address, _merge_addresses, None, hidden=("digest", "key")),
    # An undo of the import finds whom it changed by the number they had, once the merge is undone.
    PersonTable(
        ImportChange, None, None,
        of_person="t.kind = 'customer' AND t.row_id = ANY(CAST(:ids AS bigint[]))"
        " OR t.before -> 'order' ->> 'customer_id' = ANY(CAST(CAST(:ids AS bigint[]) AS text[]))",
    ),
    PersonTable(
        Import, None, _blank_samples, of_person=_SHOWN, hidden=("rehearsal", "repeats", "header", "mapping", "options"),
    ),
    PersonTable(
        RefusedRow, None, None,
        of_person="EXISTS (SELECT FROM unnest(t.cells) cell WHERE lower(trim(cell)) = ANY(CAST(:emails AS text[])))",
    ),
)  # fmt: skip
LAST = (
    PersonTable(
        MergeChange, None, _erase_changes, of_person=_TOLD_OF_MERGES, hidden=("step", "table_name", "key", "after")
    ),
    PersonTable(
        CustomerMerge, None, None,
        of_person="t.survivor_id = ANY(CAST(:ids AS bigint[])) OR t.former_id = ANY(CAST(:ids AS bigint[]))",
    ),
    PersonTable(CustomerAlias, None, None),
    PersonTable(
        Customer, _merge_references, None, of_person="t.id = ANY(CAST(:ids AS bigint[]))",
        hidden=("email_key", "address_digest", "address_id"),
    ),
)  # fmt: skip
