"""What preflight finds: one thing to put right in a draft, where it stands, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.campaigns.contents import Version
from app.kernel.page_links import PageLink
from app.kernel.translatable import UNSAID, MessageId

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Check:
    """One thing to put right (`error`) or to think about (`warning`), in which step, and how.

    `msgid` and `hint` are English message ids filled from `values`; `part` names a line other than the content, `page`
    leads to where it can be changed. `version` is whose content it is about, where the campaign has more than one;
    `block` the id of the block, where the content is made of blocks.
    """

    level: str
    step: str
    msgid: MessageId
    hint: MessageId = UNSAID
    values: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None
    column: int | None = None
    page: PageLink | None = None
    part: str = ""
    version: Version | None = None
    block: str = ""

    @property
    def message(self) -> str:
        """Return the English sentence."""
        return self.msgid % self.values if self.values else self.msgid
