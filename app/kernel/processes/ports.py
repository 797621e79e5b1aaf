"""Finds and reserves TCP ports on this machine."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path


def keep(file: Path, count: int) -> list[int]:
    """Return free local ports, chosen once and kept in a file, so that addresses stay good from start to start."""
    if not file.exists():
        with ExitStack() as held:
            sockets = [held.enter_context(socket.socket()) for _ in range(count)]
            for one in sockets:
                one.bind(("127.0.0.1", 0))
            ports = [str(one.getsockname()[1]) for one in sockets]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(" ".join(ports))
    return [int(port) for port in file.read_text().split()]


def is_free(port: int) -> bool:
    """Say whether nobody listens there on this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def obstacle(host: str, port: int) -> str | None:
    """Return what keeps a program from listening there, in the system's words, or None."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # Without this a connection that has just ended would look like a program that still listens.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None
