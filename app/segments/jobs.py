"""Background jobs of segments: sizes for lists and pictures, retention of activities, the end of deleted lists."""

from __future__ import annotations

from datetime import timedelta

import structlog

from app.accounts import workspaces
from app.customers.timeline import retention
from app.kernel.queueing.jobs import job
from app.kernel.refusals import Refusal
from app.kernel.services import Services
from app.segments import preview, segments
from app.segments.lists import lists
from app.segments.membership import history, prompting, sizes, updating

log = structlog.get_logger()


@job("segments.count_all", every=timedelta(hours=1))
def count_all(services: Services) -> None:
    """Count every segment anew, so that lists need not."""

    def count_each(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            segment_ids = [segment.id for segment in segments.list_all(session, workspace_id)]
        for segment_id in segment_ids:
            _count(services, workspace_id, segment_id)

    workspaces.for_each(services.database, count_each)


def _count(services: Services, workspace_id: int, segment_id: int) -> None:
    now = services.clock.now()
    try:
        with services.database.transaction(workspace_id, reading=True) as session:
            segment = segments.get(session, workspace_id, segment_id)
            count = preview.count(session, segments.members_query(session, workspace_id, segment_id, now))
        with services.database.transaction(workspace_id) as session:
            segments.remember_count(session, workspace_id, segment_id, count, of=segment.updated_at, now=now)
            day = now.astimezone(segments.zone_of(session, workspace_id)).date()
            sizes.keep(session, workspace_id, segment_id, count, day=day)
    except Refusal as error:
        # Its field is gone or changed its kind, or the segment itself is gone: the next one is still counted.
        log.warning("segments.not_counted", segment_id=segment_id, error=type(error).__name__)


@job("segments.update_changed")
def update_changed(services: Services, *, workspace_id: int) -> None:
    """Bring the members of watched segments up to date for whoever changed; asked for where something is reported."""
    with services.database.transaction(workspace_id) as session:
        prompting.note(session, workspace_id, now=services.clock.now())
    _update_changed(services, workspace_id)


def _update_changed(services: Services, workspace_id: int) -> None:
    has_more = True
    while has_more:
        with services.database.transaction(workspace_id) as session:
            has_more = updating.update_changed(session, workspace_id, services.clock)
            if not has_more:
                prompting.prompt_next(session, workspace_id, now=services.clock.now())


@job("segments.update_members", every=timedelta(minutes=1))
def update_members(services: Services) -> None:
    """Bring the members of watched segments up to date, and announce who entered."""

    def update_one(workspace_id: int) -> None:
        now, database = services.clock.now(), services.database
        _update_changed(services, workspace_id)
        with database.transaction(workspace_id) as session:
            due = updating.list_due(session, workspace_id, now=now)
        for segment_id in due:
            with database.transaction(workspace_id) as session:
                updating.update_whole(session, workspace_id, segment_id, now=now)

    workspaces.for_each(services.database, update_one)


@job("segments.delete_expired", every=timedelta(days=1))
def delete_expired(services: Services) -> None:
    """Delete lists that can no longer be brought back, and sizes of long ago."""

    def delete_of_one(workspace_id: int) -> None:
        now = services.clock.now()
        with services.database.transaction(workspace_id) as session:
            lists.delete_expired(session, workspace_id, now=now)
            sizes.delete_old(session, workspace_id, today=now.date())
            history.delete_old(session, workspace_id, now=now)

    workspaces.for_each(services.database, delete_of_one)


@job("segments.delete_expired_activities", every=timedelta(days=1))
def delete_expired_activities(services: Services) -> None:
    """Delete what happened longer ago than the workspace keeps it, and than any of its segments asks."""

    def delete_of_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            now = services.clock.now()
            needed = segments.needs_activities_since(session, workspace_id, now=now)
            before = retention.cutoff(session, workspace_id, needed=needed, now=now)
        has_more = before is not None
        while before is not None and has_more:
            with services.database.transaction(workspace_id) as session:
                has_more = retention.delete_expired(session, workspace_id, before=before)

    workspaces.for_each(services.database, delete_of_one)
