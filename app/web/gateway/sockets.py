"""The web server's sockets: how many may be open, and how long one may take nothing of what is sent to it."""

from __future__ import annotations

import os
import resource
import socket
from contextlib import suppress
from pathlib import Path

# A connection whose other side acknowledges or takes nothing for so long is ended by the kernel.
UNREAD_SECONDS = 60
MOST_CONNECTIONS = 8192
_FILES = 4 * MOST_CONNECTIONS


def allow_many() -> int:
    """Let this process and its children hold many connections; return how many are safe to take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    # A connection needs one descriptor, its answer now and then another two.
    return min(MOST_CONNECTIONS, max(128, soft // 4)) if soft != resource.RLIM_INFINITY else MOST_CONNECTIONS


def let_go_of_the_silent(seconds: int = UNREAD_SECONDS) -> None:
    """Set the time limit on the listening sockets of this process; the connections they take inherit it. Linux only."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is None:
        return
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError, ValueError), socket.socket(fileno=os.dup(int(entry.name))) as found:
            if found.type == socket.SOCK_STREAM and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                found.setsockopt(socket.IPPROTO_TCP, option, seconds * 1000)
