"""One sender in a process of its own, so that its memory and its processor time are nobody else's.

    python -m bench.sender WORKSPACE LANE

Reads the installation's environment, sends what is due in the lane, and prints what that took as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import psycopg
from sqlalchemy import event

from app.delivery.sending import worker
from app.kernel import services
from app.kernel.extensions import Extensions
from bench import measuring


class Counting(psycopg.Cursor[Any]):
    """A cursor that counts what it is asked."""

    statements = 0

    def execute(self, *given: Any, **named: Any) -> Counting:
        Counting.statements += 1
        super().execute(*given, **named)
        return self


def _count(connection: psycopg.Connection[Any], _record: object) -> None:
    connection.cursor_factory = Counting


def main() -> None:
    """Send one lane and say how it went."""
    workspace_id, lane_id = int(sys.argv[1]), int(sys.argv[2])
    made = services.build(Extensions())
    event.listen(made.database.engine, "connect", _count)
    before, began = measuring.own_cpu(), time.perf_counter()
    accepted = worker.run(made, workspace_id, lane_id, seconds=3600)
    print(
        json.dumps(
            {
                "accepted": accepted,
                "statements": Counting.statements,
                "wall": time.perf_counter() - began,
                "cpu": measuring.own_cpu() - before,
                "rss_mb": measuring.peak_rss_mb(os.getpid()),
                "modules": sorted({name.partition(".")[0] for name in sys.modules} & {"flask", "pydantic", "rq"}),
                "pid": os.getpid(),
            }
        )
    )


if __name__ == "__main__":
    main()
