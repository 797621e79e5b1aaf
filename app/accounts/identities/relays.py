"""SMTP relays: the server that takes a workspace's mail and how its connection is protected, read from a URL."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from enum import Enum
from urllib.parse import parse_qs, unquote, urlsplit

from app.kernel import networks
from app.kernel.translatable import N_


class Security(Enum):
    """How the connection to a relay is protected."""

    NONE = "none"
    OPPORTUNISTIC = "opportunistic"
    STARTTLS = "starttls"
    TLS = "tls"


AS_WRITTEN = N_("Write the mail server as smtp://, smtps:// or smtp+starttls://, then user:password@host:port.")


class BadRelay(ValueError):
    """The relay's URL cannot be used as it stands; its words are a message id."""


_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


@dataclass(frozen=True)
class Relay:
    """One next hop: where it listens, how it is protected, who we are to it."""

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = ""
    is_verified: bool = True
    # Staff of a workspace named it, not the operator.
    is_of_workspace: bool = False
    # It must not lead into the network this machine stands in.
    is_public_only: bool = False

    def tls_context(self) -> ssl.SSLContext:
        """A client context; an opportunistic one accepts any certificate, as mail servers do among themselves."""
        context = ssl.create_default_context()
        if self.security is Security.OPPORTUNISTIC or not self.is_verified:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def from_url(url: str) -> Relay:
    """Read `smtp://`, `smtps://` or `smtp+starttls://[user:password@]host[:port][?tls=none|verify=no]`.

    With a user name the transport must be encrypted and its certificate good: asking for less is refused here.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadRelay(AS_WRITTEN) from None
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if parts.scheme not in _PORTS or not host or port == 0 or not host.isprintable() or " " in host:
        raise BadRelay(AS_WRITTEN)
    security = _security(parts.scheme, has_user=bool(parts.username), tls=options.get("tls", ""))
    is_verified = options.get("verify", "yes") != "no"
    if parts.username and (security is Security.NONE or not is_verified):
        raise BadRelay(N_("A mail server with a user name needs an encrypted connection whose certificate is checked."))
    return Relay(
        host=host,
        port=port or _PORTS[parts.scheme],
        security=security,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_verified=is_verified,
    )


def is_private(relay: Relay) -> bool:
    """Say whether the relay is written as an address outside the Internet. What a name leads to shows on connecting."""
    try:
        found = socket.getaddrinfo(relay.host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return not all(networks.is_public(str(info[4][0])) for info in found)


def _security(scheme: str, *, has_user: bool, tls: str) -> Security:
    if scheme == "smtps":
        return Security.TLS
    if tls == "none":
        return Security.NONE
    if scheme == "smtp+starttls" or has_user:
        return Security.STARTTLS
    return Security.OPPORTUNISTIC
