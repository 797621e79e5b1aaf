"""SPF records: as much of RFC 7208 as a look at the records can tell."""

from __future__ import annotations

from dataclasses import dataclass

from app.accounts.identities.resolver import Resolver

# RFC 7208, 4.6.4: what needs further questions, and how many of them a receiver asks.
_ASKING = ("include", "a", "mx", "ptr", "exists", "redirect")
_MOST_QUESTIONS = 10


@dataclass(frozen=True)
class Spf:
    """What the records of a domain come to. `permits` says whether the mechanism looked for is reached."""

    records: tuple[str, ...]
    permits: bool = False
    permits_everybody: bool = False
    asks_too_much: bool = False


def read(resolver: Resolver, domain: str, *, looking_for: str) -> Spf:
    """Follow the domain's record and those it includes; raise NoAnswer."""
    records = _records(resolver, domain)
    if len(records) != 1:
        return Spf(records)
    search = _Search(resolver, looking_for.lower())
    search.follow(records[0])
    return Spf(records, search.permits, search.permits_everybody, search.questions > _MOST_QUESTIONS)


class _Search:
    def __init__(self, resolver: Resolver, looking_for: str) -> None:
        self._resolver = resolver
        self._looking_for = looking_for
        self.permits = self.permits_everybody = False
        self.questions = 0

    def follow(self, record: str) -> None:
        """Read one record; what it includes counts, what it includes to refuse does not."""
        for term in record.split()[1:]:
            mechanism = term.removeprefix("+").lower()
            name = mechanism.partition(":")[0].partition("=")[0].partition("/")[0].lstrip("-~?")
            self.questions += name in _ASKING
            if self.questions > _MOST_QUESTIONS:
                return
            self.permits = self.permits or mechanism == self._looking_for
            self.permits_everybody = self.permits_everybody or mechanism == "all"
            target = mechanism.partition(":")[2] or mechanism.partition("=")[2]
            if name in ("include", "redirect") and mechanism[0] not in "-~?" and "%" not in target:
                for further in _records(self._resolver, target)[:1]:
                    self.follow(further)


def _records(resolver: Resolver, domain: str) -> tuple[str, ...]:
    return tuple(record for record in resolver.txt(domain) if record.lower().split(" ")[0] == "v=spf1")
