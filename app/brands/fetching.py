"""Fetches what staff paste the address of: from public hosts alone, within a time and a size.

The address that was looked up and found to be public is the one connected to, at every redirect anew, so that no name
leads into our own network. Nothing of ours is sent along.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from app.kernel import networks
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

SECONDS = 8.0
_ONE_READ = 4.0
_MOST_REDIRECTS = 4
_PIECE = 64 * 1024
_PORTS = {"http": 80, "https": 443}
_HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; Assent brand reader)",
    "Accept": "text/html,application/xhtml+xml,text/css,image/*;q=0.9,*/*;q=0.5",
    "Accept-Encoding": "identity",
}


class NotFetched(Refusal):
    """The address could not be read."""

    status = 422
    message = N_("This address could not be read.")


@dataclass(frozen=True)
class Fetched:
    """What an address answered with, and where it was found in the end."""

    url: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Fetcher:
    """Fetches until its deadline. `may_be_private` is for installations that reach their own network on purpose."""

    until: float
    may_be_private: bool = False

    def fetch(self, url: str, *, most_bytes: int) -> Fetched:
        """Return what is at this address; raise NotFetched."""
        for _ in range(_MOST_REDIRECTS + 1):
            target, found = self._once(url, most_bytes)
            if found is not None:
                return found
            url = urljoin(url, target)
        raise NotFetched(N_("This address leads from one page to the next without end."), field="url")

    def _once(self, url: str, most_bytes: int) -> tuple[str, Fetched | None]:
        """Ask once: return where it leads on to, or what is there."""
        scheme, host, port, path = _taken_apart(url)
        connection = self._connection(scheme, host, port)
        # Who sends an octet now and then outlasts the time of every single read.
        watch = threading.Timer(max(0.0, self.until - time.monotonic()), _end, (connection,))
        watch.start()
        try:
            connection.request("GET", path, headers=_HEADERS)
            answer = connection.getresponse()
            if answer.status in (301, 302, 303, 307, 308):
                return answer.getheader("Location") or "", None
            if answer.status != 200:
                raise NotFetched(
                    N_("The website answered with the status %(status)s."), field="url", status=answer.status
                )
            data = self._body(answer, most_bytes)
            return "", Fetched(url, (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower(), data)
        except TimeoutError:
            raise _slow() from None
        except (OSError, http.client.HTTPException, ValueError):
            raise NotFetched(N_("The website did not answer as websites do."), field="url") from None
        finally:
            watch.cancel()
            connection.close()

    def _connection(self, scheme: str, host: str, port: int) -> http.client.HTTPConnection:
        address = self._address(host, port)
        left = self._left()
        try:
            plain = socket.create_connection(address, timeout=left)
            connection = http.client.HTTPConnection(host, port, timeout=left)
            connection.sock = plain
            if scheme == "https":
                connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
            connection.sock.settimeout(left)
        except TimeoutError:
            raise _slow() from None
        except (OSError, ValueError):
            raise NotFetched(N_("There is no website at this address."), field="url") from None
        return connection

    def _address(self, host: str, port: int) -> tuple[str, int]:
        """Look a host up; raise NotFetched where any of its addresses is not public."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise NotFetched(N_("There is no website at this address."), field="url") from None
        addresses = [str(info[4][0]) for info in found]
        if not self.may_be_private and not all(networks.is_public(address) for address in addresses):
            raise NotFetched(N_("This address is not on the Internet."), field="url")
        return addresses[0], port

    def _body(self, answer: http.client.HTTPResponse, most_bytes: int) -> bytes:
        pieces, size = [], 0
        while piece := answer.read1(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > most_bytes:
                raise NotFetched(N_("This page or picture is too large to be read."), field="url")
            self._left()
        return b"".join(pieces)

    def _left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise _slow()
        return min(left, _ONE_READ)


def within(seconds: float = SECONDS, *, may_be_private: bool = False) -> Fetcher:
    """Return a fetcher that has so long for all it fetches together."""
    return Fetcher(time.monotonic() + seconds, may_be_private)


def _end(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _slow() -> NotFetched:
    return NotFetched(N_("The website took too long to answer."), field="url")


def _taken_apart(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in _PORTS or not host or parts.username is not None or len(url) > 2000:
        raise NotFetched(N_("Write the address of a web page, such as https://www.example.com."), field="url")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or any(sign <= " " for sign in path):
        raise NotFetched(N_("Write the address of a web page, such as https://www.example.com."), field="url")
    return parts.scheme, host, port or _PORTS[parts.scheme], path
