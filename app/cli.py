"""The command line of an operator: `assent COMMAND`, each a few lines around a room's function."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from app import running
from app.accounts import memberships, staff, workspaces
from app.commands import announcing, duplicates, imports, segments
from app.consent.ledger import verification
from app.delivery.inbound import listener
from app.kernel import logs, services, settings
from app.kernel.database import Database
from app.kernel.refusals import Refusal
from app.wiring import extensions, serving
from migrations import schema

# The demonstration stands on the application and starts it; the application only knows its name.
_PROGRAM_OF_RUN = "demo"


def main() -> None:
    """Parse the command line and run."""
    logs.configure()
    parser = argparse.ArgumentParser(prog="assent", description="Permission-based email marketing.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="start everything on this machine, as `make run` does")
    run.add_argument("--once", action="store_true", help="play the demonstration, then stop; fails if a count is off")
    run.set_defaults(act=_run)

    serve = commands.add_parser("serve", help="answer the web at HOST and PORT")
    serve.set_defaults(act=_serve)

    migrate = commands.add_parser("migrate", help="bring the database to the latest schema")
    migrate.set_defaults(act=_migrate)

    take_in = commands.add_parser("intake", help="take bounces, complaints and replies by SMTP at INTAKE_ADDRESS")
    take_in.set_defaults(act=_take_in)

    first = commands.add_parser("new-workspace", help="make a workspace and its owner, and print how to log in")
    first.add_argument("name", help="the company, as its customers know it")
    first.add_argument("owner", help="the owner's address; later staff are invited on the web")
    first.add_argument("--postal-address", required=True, help="every mail carries it")
    first.add_argument("--language", choices=workspaces.LANGUAGES, default="en")
    first.add_argument("--time-zone", default="UTC", help="such as Europe/Berlin")
    first.set_defaults(act=_new_workspace)

    proof = commands.add_parser("verify-ledger", help="look for records of consent that were changed or lost")
    proof.add_argument("--workspace", type=int, help="only this workspace, by its number")
    kept = "an end of a chain that was exported and kept elsewhere, as a file; give as many as there are"
    proof.add_argument("--head", type=Path, action="append", default=[], help=kept)
    proof.set_defaults(act=_verify_ledger)

    imports.add_to(commands)
    duplicates.add_to(commands)
    segments.add_to(commands)
    announcing.add_to(commands)

    key = commands.add_parser("new-key", help="print a fresh key for SECRET_KEYS")
    key.add_argument("id", type=int, nargs="?", default=1, help="0-255, not used before")
    key.set_defaults(act=_new_key)

    arguments = parser.parse_args()
    try:
        status: int = arguments.act(arguments)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as missing:
        print(f"{missing.filename} cannot be read: {missing.strerror}.", file=sys.stderr)
        status = 2
    except (settings.SettingsInvalid, running.CannotRun, Refusal) as refusal:
        print(refusal, file=sys.stderr)
        status = 2
    sys.exit(status)


def _run(arguments: argparse.Namespace) -> int:
    command = [sys.executable, "-m", _PROGRAM_OF_RUN, *(["--once"] if arguments.once else [])]
    os.execv(command[0], command)  # noqa: S606 - our own command line


def _serve(_arguments: argparse.Namespace) -> int:
    settings.read()
    command = serving.command(os.environ.get("HOST", "127.0.0.1"), running.port_of(os.environ))
    os.execv(command[0], command)  # noqa: S606 - our own command line


def _migrate(_arguments: argparse.Namespace) -> int:
    running.use_local_parts()
    schema.upgrade(os.environ["DATABASE_OWNER_URL"])
    return 0


def _take_in(_arguments: argparse.Namespace) -> int:
    host, _, port = os.environ.get("INTAKE_ADDRESS", "127.0.0.1:2525").rpartition(":")
    services.install(services.build(extensions.build()))
    asyncio.run(_keep_open(host, int(port)))
    return 0


async def _keep_open(host: str, port: int) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with await listener.serve(services.services(), host, port):
        await ended.wait()


def _new_workspace(arguments: argparse.Namespace) -> int:
    running.use_local_parts()
    database, now = Database(os.environ["DATABASE_URL"]), datetime.now(UTC)
    password = secrets.token_urlsafe(12)
    with database.transaction() as session:
        made = workspaces.create(
            session,
            name=arguments.name,
            language=arguments.language,
            time_zone=arguments.time_zone,
            sender_name=arguments.name,
            sender_address=arguments.owner,
            postal_address=arguments.postal_address,
            now=now,
        )
        known = staff.find_by_email(session, arguments.owner)
        owner = known or staff.create(session, email=arguments.owner, name=arguments.owner, password=password, now=now)
        workspace_id, owner_id = made.id, owner.id
    with database.transaction(workspace_id) as session:
        memberships.grant(session, workspace_id, owner_id, "owner")
    print(f"Workspace {workspace_id} is there. Log in at {os.environ['PUBLIC_URL']}/login as {arguments.owner}")
    print("with your password." if known else f"with the password {password} and choose one of your own.")
    return 0


def _verify_ledger(arguments: argparse.Namespace) -> int:
    running.use_local_parts()
    exported = [verification.read_export(path.read_text(errors="replace")) for path in arguments.head]
    database = Database(os.environ["DATABASE_URL"])
    problems = verification.verify_ledger(database, arguments.workspace, exported=exported)
    for problem in problems:
        print(problem)
    if unheld := verification.without_head(database, arguments.workspace, exported=exported):
        named = ", ".join(map(str, unheld))
        print(f"NO OUTSIDE HEAD was given for workspace {named}: a chain rewritten, cut off or wiped does not show.")
    intact = f"The ledger is intact, as far as {len(exported)} heads from outside can show."
    print("The ledger is not as it was written." if problems else intact)
    return 1 if problems else 0


def _new_key(arguments: argparse.Namespace) -> int:
    print(settings.new_key(arguments.id))
    return 0


if __name__ == "__main__":
    main()
