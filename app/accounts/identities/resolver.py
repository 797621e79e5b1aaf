"""A DNS resolver for TXT records, with one deadline for all questions together."""

from __future__ import annotations

import time

import dns.exception
import dns.nameserver
import dns.resolver
import idna

from app.kernel.settings import Settings

SECONDS = 10.0
_SECONDS_A_NAME = 4.0
_MOST_RECORDS = 30
_LONGEST_RECORD = 2_000
# Names nobody can own (RFC 2606, 6761): the world is not asked about them.
_NOBODYS = ("example", "test", "invalid", "localhost")


class NoAnswer(Exception):
    """No name server answered, in time or at all: nothing is known, which is not the same as no record."""


class Resolver:
    """Asks the name servers of this machine, or those the operator names. Every name is asked once."""

    def __init__(self, servers: tuple[tuple[str, int], ...] = (), *, seconds: float = SECONDS) -> None:
        self._servers = servers
        self._until = time.monotonic() + seconds
        self._known: dict[str, tuple[str, ...]] = {}

    def txt(self, name: str) -> tuple[str, ...]:
        """Return the TXT records of a name, each as one text; none is an answer, too. Raise NoAnswer."""
        wanted = name.rstrip(".").lower()
        if wanted not in self._known:
            self._known[wanted] = self._ask(wanted)
        return self._known[wanted]

    def _ask(self, name: str) -> tuple[str, ...]:
        if not self._servers and name.rpartition(".")[2] in _NOBODYS:
            return ()
        left = self._until - time.monotonic()
        if left <= 0:
            raise NoAnswer
        try:
            answer = self._client().resolve(
                f"{name}.", "TXT", lifetime=min(left, _SECONDS_A_NAME), search=False, raise_on_no_answer=False
            )
        except (dns.resolver.NXDOMAIN, dns.exception.SyntaxError, dns.exception.FormError):
            return ()
        except (dns.exception.DNSException, OSError, ValueError) as error:
            # A name that cannot be one has no records; everything else may be different in a minute.
            if isinstance(error, ValueError):
                return ()
            raise NoAnswer from error
        records = [b"".join(one.strings).decode("utf-8", "replace") for one in answer.rrset or ()]
        return tuple(record[:_LONGEST_RECORD] for record in records[:_MOST_RECORDS])

    def _client(self) -> dns.resolver.Resolver:
        client = dns.resolver.Resolver(configure=not self._servers)
        if self._servers:
            client.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in self._servers]
        return client


def of(settings: Settings) -> Resolver:
    """Return a resolver for one round of questions."""
    return Resolver(settings.dns_servers)


def a_label(domain: str) -> str:
    """Return a domain as it is written in the DNS."""
    try:
        return idna.encode(domain, uts46=True).decode().lower()
    except UnicodeError:
        return domain.lower()
