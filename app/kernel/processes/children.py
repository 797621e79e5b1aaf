"""Starts child processes that end with their parent and never block a next start."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# PostgreSQL refuses root. As `nobody` it keeps the one capability that opens folders below a closed home, and the
# secure bit keeps access(2) from ignoring that capability.
_CAPABILITY = "dac_override"
_CAPABILITY_BIT = 1
_SETPCAP_BIT = 8


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    parent_death: str = "TERM",
    unroot: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program that the kernel signals when we die, in a session of its own so that Ctrl-C reaches only us.

    Its output is appended to `log`. `unroot` runs it as `nobody` where we are root. Call it from the main thread: the
    death signal follows the thread that started the child.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [*prefix(parent_death=parent_death, unroot=unroot), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            start_new_session=True,
        )


def prefix(*, parent_death: str | None = None, unroot: bool = False) -> list[str]:
    """Return what to put before a command; nothing where util-linux has no setpriv (macOS)."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return []
    words = [setpriv]
    if parent_death:
        words += ["--pdeathsig", parent_death]
    if unroot and is_root():
        owner = pwd.getpwnam("nobody")
        words += [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        held = _capabilities()
        if held & (1 << _CAPABILITY_BIT) and held & (1 << _SETPCAP_BIT):
            words += [
                f"--inh-caps=+{_CAPABILITY}",
                f"--ambient-caps=+{_CAPABILITY}",
                "--securebits=+no_setuid_fixup",
            ]
    return [*words, "--"] if len(words) > 1 else []


def give(path: Path) -> None:
    """Hand a folder to the account that `unroot` runs as; nothing happens where we are not root."""
    if is_root():
        owner = pwd.getpwnam("nobody")
        os.chown(path, owner.pw_uid, owner.pw_gid)


def is_root() -> bool:
    return os.geteuid() == 0


def command_line(pid: int) -> str:
    """Return the arguments a process was started with, or an empty string when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    words = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    shown = subprocess.run(words, capture_output=True, text=True, check=False)
    return shown.stdout.strip()


def end_session(leader: int, *, marker: str) -> None:
    """End what a program started by `spawn` has left behind: children it forked and did not wait for."""
    for pid in _session(leader):
        if marker in command_line(pid):
            _signal(pid, signal.SIGKILL)
            _wait_gone(pid, marker, 5)


def stop_left_over(pid_file: Path, *, marker: str, ask: signal.Signals = signal.SIGTERM, timeout: float = 15) -> None:
    """Stop what an earlier, killed run left behind, if the process in the pid file still is what wrote it."""
    try:
        pid = int(pid_file.read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        pid_file.unlink(missing_ok=True)
        return
    # The number may belong to anybody by now, above all in a container.
    if marker in command_line(pid):
        _signal(pid, ask)
        if not _wait_gone(pid, marker, timeout):
            _signal(pid, signal.SIGKILL)
            _wait_gone(pid, marker, 5)
    if not command_line(pid):
        end_session(pid, marker=marker)
    pid_file.unlink(missing_ok=True)


def stop(child: subprocess.Popen[bytes], *, ask: signal.Signals = signal.SIGTERM, timeout: float = 15) -> None:
    """Ask a child to end, and make it end when it does not."""
    if child.poll() is not None:
        return
    child.send_signal(ask)
    try:
        child.wait(timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _capabilities() -> int:
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1], 16) for line in lines if line.startswith("CapPrm:")), 0)


def _session(leader: int) -> list[int]:
    """Return the processes of a session, where the system tells (Linux)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # The name in parentheses may hold anything; behind it stand state, parent, group and session.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader:
                found.append(int(folder.name))
    return found


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait_gone(pid: int, marker: str, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if marker not in command_line(pid):
            return True
        time.sleep(0.05)
    return False
