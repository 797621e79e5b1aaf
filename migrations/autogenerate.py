"""Writes the next numbered migration: what the models have and the latest step does not."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from app.kernel.processes.embedded import Postgres
from migrations import schema


def main() -> None:
    message = " ".join(sys.argv[1:]).strip()
    if not message:
        sys.exit('Say what the migration does: make migration M="add a column for ..."')
    with tempfile.TemporaryDirectory(prefix="assent-migration-") as folder:
        postgres = Postgres(Path(folder), durable=False)
        postgres.start()
        try:
            config = schema.config(postgres.url)
            command.upgrade(config, "head")
            steps = len(list(ScriptDirectory.from_config(config).walk_revisions()))
            command.revision(config, message, autogenerate=True, rev_id=f"{steps + 1:04d}")
        finally:
            postgres.stop()


if __name__ == "__main__":
    main()
