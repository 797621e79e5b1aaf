"""Opens an SMTP session: greeting, EHLO, STARTTLS by policy, authentication."""

from __future__ import annotations

import asyncio
import base64
import socket

from app.accounts.identities.relays import Relay, Security
from app.delivery.smtp.connection import Connection
from app.delivery.smtp.envelopes import Reply, Timeouts
from app.kernel import networks


class ConnectionRefused(Exception):
    """No session could be opened. `code` is the server's, or 0 when none spoke; `has_timed_out`: we waited in vain."""

    def __init__(self, code: int, text: str, *, has_timed_out: bool = False) -> None:
        super().__init__(f"{code} {text}" if code else text)
        self.code = code
        self.text = text[:500]
        self.has_timed_out = has_timed_out


async def connect(relay: Relay, *, helo: str, timeouts: Timeouts | None = None) -> Connection:
    """Return a session ready to deliver, or raise ConnectionRefused. A password never travels unencrypted."""
    timeouts = timeouts or Timeouts()
    connection = Connection(timeouts)
    try:
        async with asyncio.timeout(timeouts.connect):
            await _dial(connection, relay)
            await _open(connection, relay, helo)
    except (OSError, TimeoutError, UnicodeError) as error:
        connection.abort()
        said = f"{type(error).__name__} {connection.loss or error}"
        raise ConnectionRefused(0, said, has_timed_out=isinstance(error, TimeoutError)) from error
    except ConnectionRefused:
        connection.abort()
        raise
    connection.is_usable = True
    return connection


async def _dial(connection: Connection, relay: Relay) -> None:
    loop = asyncio.get_running_loop()
    is_encrypted = relay.security is Security.TLS
    greeting = asyncio.ensure_future(connection.command(""))
    try:
        await loop.create_connection(
            lambda: connection,
            sock=await _reach(relay),
            ssl=relay.tls_context() if is_encrypted else None,
            server_hostname=relay.host if is_encrypted else None,
        )
        _demand(await greeting, 220)
    finally:
        greeting.cancel()


async def _reach(relay: Relay) -> socket.socket:
    """Return a connection to the first of the relay's addresses that answers.

    Its name is asked once: the addresses that were judged are those that are called, whatever the name says next.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(relay.host, relay.port, type=socket.SOCK_STREAM)
    if relay.is_public_only and not all(networks.is_public(str(info[4][0])) for info in found):
        raise ConnectionRefused(0, "the relay's name leads into a private network, which only the operator may allow")
    unreachable = OSError("the relay's name leads nowhere")
    for family, kind, protocol, _, address in found:
        called = socket.socket(family, kind, protocol)
        called.setblocking(False)
        try:
            await loop.sock_connect(called, address)
        except OSError as error:
            called.close()
            unreachable = error
        except BaseException:
            called.close()
            raise
        else:
            return called
    raise unreachable


async def _open(connection: Connection, relay: Relay, helo: str) -> None:
    await _hello(connection, helo)
    if relay.security in (Security.STARTTLS, Security.OPPORTUNISTIC):
        if "STARTTLS" in connection.offers:
            await _encrypt(connection, relay)
            await _hello(connection, helo)
        elif relay.security is Security.STARTTLS:
            raise ConnectionRefused(0, "the relay offers no STARTTLS, which its policy requires")
    if relay.username:
        await _login(connection, relay)


async def _hello(connection: Connection, helo: str) -> None:
    code, texts = await connection.command(f"EHLO {helo}")
    if code != 250:
        connection.learn({})
        _demand(await connection.command(f"HELO {helo}"), 250)
        return
    words = (text.partition(" ") for text in texts[1:])
    connection.learn({word.upper(): rest for word, _, rest in words})


async def _encrypt(connection: Connection, relay: Relay) -> None:
    _demand(await connection.command("STARTTLS"), 220)
    await connection.start_tls(relay.tls_context(), relay.host)


async def _login(connection: Connection, relay: Relay) -> None:
    if relay.security not in (Security.TLS, Security.STARTTLS):
        raise ConnectionRefused(0, "a password is never sent over an unencrypted connection")
    offered = connection.offers.get("AUTH", "").upper().split()
    if "PLAIN" in offered:
        secret = f"\0{relay.username}\0{relay.password}"
        _demand(await connection.command(f"AUTH PLAIN {_base64(secret)}"), 235)
    elif "LOGIN" in offered:
        _demand(await connection.command("AUTH LOGIN"), 334)
        _demand(await connection.command(_base64(relay.username)), 334)
        _demand(await connection.command(_base64(relay.password)), 235)
    else:
        raise ConnectionRefused(0, "the relay offers no way to log in that we know")


def _demand(reply: Reply, code: int) -> None:
    if reply[0] != code:
        raise ConnectionRefused(reply[0], " ".join(reply[1]))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
