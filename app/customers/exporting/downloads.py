"""An export as it leaves: held to what somebody may read a day, and noted with how many rows it came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from app.accounts import personal_reads
from app.customers.exporting.tables import Rows
from app.kernel.database import Database
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_


class TooMuchToExport(Refusal):
    """The file would hold more people than somebody may still read today."""

    status = 422
    message = N_(
        "This file holds more people than the %(most)s you may still read today. Choose a smaller segment, or ask an "
        "owner to raise the limit in the settings."
    )


def within(rows: Rows, most: int) -> Rows:
    """Return the rows, heading first, where they are so many at most; raise TooMuchToExport."""
    read = []
    for number, row in enumerate(rows):
        if number > most:
            raise TooMuchToExport(most=most)
        read.append(row)
    return chain(read)


@dataclass(frozen=True)
class Taken:
    """Who takes an export, from which workspace, and what for."""

    database: Database
    workspace_id: int
    staff_id: int
    purpose: str
    now: datetime

    def counting(self, rows: Rows) -> Iterator[list[str]]:
        """Hand on the rows, heading first; whenever it ends, also in the middle, it is noted how many left."""
        people = -1
        try:
            for row in rows:
                people += 1
                yield row
        finally:
            with self.database.transaction(self.workspace_id) as session:
                personal_reads.note_export(
                    session, self.workspace_id, self.staff_id, max(people, 0), purpose=self.purpose, now=self.now
                )
