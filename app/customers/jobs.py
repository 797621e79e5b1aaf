"""Background jobs of customers: previews and runs of imports, partitions of activities, the mix of customers."""

from __future__ import annotations

from datetime import timedelta

from app.accounts import workspaces
from app.customers.duplicates import finding, linkage, reviewing
from app.customers.erasing import erasures
from app.customers.history import expiry
from app.customers.imports import keeping, running
from app.customers.imports.previewing import checking
from app.customers.imports.undoing import undo
from app.customers.life_cycle import moving, recent
from app.customers.listing import mixes
from app.customers.merging import merge
from app.customers.quality import asking, counting, problems
from app.customers.sources import coverage, outcomes
from app.customers.timeline import partitions
from app.kernel.queueing.jobs import job
from app.kernel.services import Services


@job("customers.run_import")
def run_import(services: Services, *, workspace_id: int, import_id: int) -> None:
    """Take a file over; started again, it goes on where it stopped."""
    try:
        running.run(services.database, services.clock, workspace_id, import_id)
    except Exception as trouble:
        # Staff see that it stands still; the job itself is tried again by whoever runs jobs.
        running.note_trouble(services.database, workspace_id, import_id, trouble)
        raise


@job("customers.check_import")
def check_import(services: Services, *, workspace_id: int, import_id: int) -> None:
    """Say what taking a file over would do."""
    checking.check(services.database, services.clock, workspace_id, import_id)


@job("customers.undo_import")
def undo_import(services: Services, *, workspace_id: int, import_id: int) -> None:
    """Take back what a file brought; started again, it goes on where it stopped."""
    try:
        undo.run(services.database, services.clock, workspace_id, import_id)
    except Exception as trouble:
        running.note_trouble(services.database, workspace_id, import_id, trouble)
        raise


@job("customers.settle_merge")
def settle_merge(services: Services, *, workspace_id: int, merge_id: int) -> None:
    """Move what was being written to somebody at the moment they became part of somebody else."""
    with services.database.transaction(workspace_id) as session:
        merge.settle(session, workspace_id, merge_id, now=services.clock.now())


@job("customers.erase", every=timedelta(minutes=10))
def erase(services: Services) -> None:
    """Erase those whose day has come, each in a transaction of their own."""

    def erase_due(workspace_id: int) -> None:
        now = services.clock.now()
        with services.database.transaction(workspace_id) as session:
            due = erasures.list_due(session, workspace_id, now=now)
        for customer_id in due:
            with services.database.transaction(workspace_id) as session:
                erasures.carry_out(session, workspace_id, customer_id, now=now)

    workspaces.for_each(services.database, erase_due)


@job("customers.find_duplicates", every=timedelta(days=1))
def find_duplicates(services: Services) -> None:
    """Look in every workspace for customers who may be one person."""
    workspaces.for_each(services.database, lambda each: find_duplicates_of(services, workspace_id=each))


@job("customers.find_duplicates_of")
def find_duplicates_of(services: Services, *, workspace_id: int) -> None:
    """Look for customers who may be one person; merge those of whom the workspace wants not to be asked."""
    with services.database.transaction(workspace_id) as session:
        finding.find_hard(session, workspace_id, now=services.clock.now())
        people = finding.read_people(session, workspace_id) if finding.may_link(session, workspace_id) else []
    if people:
        # Minutes of work for many, so no transaction is held meanwhile.
        pairs = linkage.find_pairs(people, least=finding.LEAST_LINKED)
        with services.database.transaction(workspace_id) as session:
            finding.keep_soft(session, workspace_id, pairs, now=services.clock.now())
    with services.database.transaction(workspace_id) as session:
        certain = reviewing.list_certain(session, workspace_id)
    for pair_id in certain:
        with services.database.transaction(workspace_id) as session:
            reviewing.merge_unasked(session, workspace_id, pair_id, now=services.clock.now())


@job("customers.forget_files", every=timedelta(days=1))
def forget_files(services: Services) -> None:
    """Delete the files of imports that ended longer ago than their workspace keeps them."""

    def forget_of_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            keeping.forget_expired(session, workspace_id, now=services.clock.now())

    workspaces.for_each(services.database, forget_of_one)


@job("customers.maintain_partitions", every=timedelta(days=1))
def maintain_partitions(services: Services) -> None:
    """Keep the months of activities ahead of what comes, then drop old empty ones; each in its own transaction."""
    for step in (partitions.make_next, partitions.drop_next):
        has_more = True
        while has_more:
            with services.database.transaction() as session:
                has_more = step(session, now=services.clock.now()) is not None


@job("customers.expire_values", every=timedelta(days=1))
def expire_values(services: Services) -> None:
    """Clear external and inferred values that are too old to be believed; a second run finds nothing."""

    def expire_of_one(workspace_id: int) -> None:
        after: int | None = 0
        while after is not None:
            with services.database.transaction(workspace_id) as session:
                _, after = expiry.end_next(session, workspace_id, after=after, now=services.clock.now())

    workspaces.for_each(services.database, expire_of_one)


@job("customers.count_source_outcomes", every=timedelta(hours=1))
def count_source_outcomes(services: Services) -> None:
    """Count what became of the people each source brought."""

    def count_of_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            outcomes.recount(session, workspace_id, now=services.clock.now())

    workspaces.for_each(services.database, count_of_one)


@job("customers.count_coverage", every=timedelta(days=1))
def count_coverage(services: Services) -> None:
    """Count of how many people each field is known, and how."""

    def count_of_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            coverage.recount(session, workspace_id, now=services.clock.now())

    workspaces.for_each(services.database, count_of_one)


@job("customers.count_quality", every=timedelta(days=1))
def count_quality(services: Services) -> None:
    """Count the quality of every workspace's data."""
    workspaces.for_each(services.database, lambda each: count_quality_of(services, workspace_id=each))


@job("customers.count_quality_of")
def count_quality_of(services: Services, *, workspace_id: int) -> None:
    """Count the quality of a workspace's data: what is filled in, what is old, who cannot be reached."""
    with services.database.transaction(workspace_id) as session:
        counting.recount(session, workspace_id, now=services.clock.now())


@job("customers.fill_problem_list")
def fill_problem_list(services: Services, *, workspace_id: int, list_id: int, problem: str, staff_id: int) -> None:
    """Put those on a list whom a problem concerns; a second run adds nobody."""
    now = services.clock.now()
    with services.database.transaction(workspace_id) as session:
        found = problems.read(session, workspace_id, problem)
        asking.fill(session, workspace_id, list_id, found, staff_id=staff_id, now=now)


@job("customers.move_life_cycles", every=timedelta(minutes=1))
def move_life_cycles(services: Services) -> None:
    """Put people at the stage where the rules of their workspace put them; a second run moves nobody."""

    def move_of_one(workspace_id: int) -> None:
        now, has_more = services.clock.now(), True
        while has_more:
            with services.database.transaction(workspace_id) as session:
                has_more = recent.move_recent(session, workspace_id, now=now)
        with services.database.transaction(workspace_id) as session:
            is_whole = recent.needs_whole(session, workspace_id, now=now)
            if not is_whole:
                recent.move_responded(session, workspace_id, now=now)
        if is_whole:
            _move_everybody(services, workspace_id)

    workspaces.for_each(services.database, move_of_one)


def _move_everybody(services: Services, workspace_id: int) -> None:
    now = services.clock.now()
    after: int | None = 0
    while after is not None:
        with services.database.transaction(workspace_id) as session:
            _, after = moving.move_next(session, workspace_id, after=after, now=now)
    with services.database.transaction(workspace_id) as session:
        moving.recount(session, workspace_id, now=now)
        recent.note_whole(session, workspace_id, now=now)


@job("customers.count_mixes", every=timedelta(minutes=10))
def count_mixes(services: Services) -> None:
    """Count where the customers of each large workspace stand, so that their list need not."""

    def count_of_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            mixes.recount(session, workspace_id, now=services.clock.now())

    workspaces.for_each(services.database, count_of_one)
