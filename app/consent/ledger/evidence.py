"""Evidence of an act of consent: values handed in by whoever saw the act happen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Wording:
    """The notice a person saw, by its number and the digest of its stored text.

    `filled` are the values that stood in the place of its placeholders, so that the exact words can be shown again.
    """

    consent_text_id: int
    kind: str
    version: int
    language: str
    sha256: str
    filled: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How, where and when an answer was given, and by whom.

    `address`, `ip`, `user_agent` and `fields` are personal: they are kept beside the ledger, and the record holds only
    their keyed digest. Everything else is part of the record for ever. `ip` is shortened before it is kept.
    """

    method: str
    actor: str = "self"
    actor_id: int = 0
    at: datetime | None = None
    wording: Wording | None = None
    page: str | None = None
    form_id: int | None = None
    request_id: int | None = None
    message_id: int | None = None
    file_sha256: str | None = None
    row: int | None = None
    note: str | None = None
    # The keyed digest of the address that the answer names, where it need not be the person's present one.
    address_digest: bytes | None = None
    address: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
