"""DMARC records of a domain, found by the tree walk of RFC 9989."""

from __future__ import annotations

from dataclasses import dataclass

from app.accounts.identities.resolver import Resolver

# RFC 9989, 4.10: from a name of eight labels or more, the walk goes on at seven.
_MOST_LABELS = 7
_POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True)
class Policy:
    """The record that holds for a domain: under which name it was found, and what it asks for."""

    name: str
    record: str
    asks: str


@dataclass(frozen=True)
class Walk:
    """What the walk from one domain found. `organisation` is the domain that alignment compares."""

    organisation: str
    policy: Policy | None
    # At the domain itself there are several records, so none of them counts.
    is_ambiguous: bool = False


def walk(resolver: Resolver, domain: str) -> Walk:
    """Walk up from `domain`; raise NoAnswer."""
    found: dict[str, dict[str, str]] = {}
    records: dict[str, str] = {}
    is_ambiguous = False
    for name in _names(domain):
        valid = [record for record in resolver.txt(f"_dmarc.{name}") if tags(record).get("v") == "DMARC1"]
        if len(valid) > 1 and name == domain:
            is_ambiguous = True
        if len(valid) != 1:
            continue
        found[name], records[name] = tags(valid[0]), valid[0]
        if found[name].get("psd", "").lower() in ("n", "y"):
            break
    organisation = _organisation(domain, found)
    return Walk(organisation, _policy(domain, organisation, found, records), is_ambiguous)


def is_aligned(resolver: Resolver, domain: str, other: str) -> bool:
    """Say whether both belong to one organisation, which is what relaxed alignment asks; raise NoAnswer."""
    return domain == other or walk(resolver, domain).organisation == walk(resolver, other).organisation


def tags(record: str) -> dict[str, str]:
    """Return the tags of a DMARC or DKIM record; of a repeated tag the first counts. `v` must come first."""
    read: dict[str, str] = {}
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if not equals:
            continue
        name = name.strip().lower()
        if name == "v" and read:
            return {}
        read.setdefault(name, value.strip())
    return read


def _names(domain: str) -> list[str]:
    labels = domain.split(".")
    above = labels[-_MOST_LABELS:] if len(labels) > _MOST_LABELS else labels[1:]
    return [domain, *(".".join(above[start:]) for start in range(len(above)))]


def _organisation(domain: str, found: dict[str, dict[str, str]]) -> str:
    """RFC 9989, 4.10.2."""
    for name, read in found.items():
        psd = read.get("psd", "").lower()
        if psd == "n":
            return name
        if psd == "y" and name != domain:
            labels = domain.split(".")
            return ".".join(labels[-(len(name.split(".")) + 1) :])
    return min(found, key=lambda name: name.count("."), default=domain)


def _policy(
    domain: str, organisation: str, found: dict[str, dict[str, str]], records: dict[str, str]
) -> Policy | None:
    """RFC 9989, 4.10.1: the domain's own record, or else its organisation's, or else the public suffix's."""
    held = next((name for name in (domain, organisation, *reversed(found)) if name in found), None)
    if held is None:
        return None
    read = found[held]
    asks = read.get("p", "").lower()
    if held != domain and read.get("sp", "").lower() in _POLICIES:
        asks = read["sp"].lower()
    if asks not in _POLICIES:
        # Without a policy that can be read a record counts where it asks for reports, as asking for nothing else.
        if not read.get("rua"):
            return None
        asks = "none"
    return Policy(f"_dmarc.{held}", records[held], asks)
