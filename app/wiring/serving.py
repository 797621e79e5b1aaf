"""The command line that starts the web server, with the limits that hold before our own code."""

from __future__ import annotations

import sys

from app.web.gateway import sockets

HEADER_SECONDS = 15


def command(host: str, port: int, *, target: str = "app.wiring.application:rsgi") -> list[str]:
    """Return the web server's command line: granian in front of `app.wiring.application.rsgi`.

    Headers must be there in time, also those of the next request on a connection that is kept open.
    """
    connections = sockets.allow_many()
    return [
        *(sys.executable, "-u", "-m", "granian", "--interface", "rsgi", "--host", host, "--port", str(port)),
        *("--workers", "1", "--no-ws", "--http", "1", "--backlog", "2048", "--backpressure", str(connections)),
        *("--http1-header-read-timeout", str(HEADER_SECONDS * 1000), "--http1-buffer-size", "65536"),
        *("--factory", target),
    ]
