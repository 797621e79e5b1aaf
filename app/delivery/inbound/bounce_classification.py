"""Classifies SMTP replies and delivery reports: status codes first, free text last.

The three-digit code decides whether to try again, the enhanced one (RFC 3463) whose fault it is. What is not known is
called unclassified and blamed on nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from app.delivery.inbound.mail_parts import Fields
from app.delivery.inbound.parsed_mail import Received

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_FULL = re.compile(r"(?i)mailbox.{0,20}full|over.?quota|quota exceeded|insufficient (system )?storage|storage space")
# What servers write that give no enhanced code: about the mailbox, or about us. The first is asked first, because
# "rejected" and "blocked" are said of both.
_NO_SUCH_MAILBOX = re.compile(
    r"(?i)\b(user|mailbox|recipient|address|account|e-?mail)\W+(\w+\W+){0,7}?"
    r"(unknown|not (found|exist|known|valid|here)|doesn.t exist|does not exist|invalid|disabled|inactive|unavailable"
    r"|no longer|deactivated|suspended|closed|expired)"
    r"|(unknown|no such|invalid|non.?exist\w*|no valid|inactive|disabled) (local )?"
    r"(user|mailbox|recipient|address|account|e-?mail)"
    r"|no mailbox (here|by that name)|not our customer|user unknown|(has|have) moved|existe pas|unbekannt"
    r"|(用户|邮箱|收件人|帐号|账号)\S{0,4}(不存在|未找到|无效|已停用)"
)
_ABOUT_US = re.compile(
    r"(?i)spam|blocked|block ?list|black ?list|deny ?list|denied|polic(y|ies)|reputation|dnsbl|\brbl\b|spf\b|dkim|dmarc"
    r"|not authori[sz]ed|authenticat|reverse dns|\bptr\b|unsolicited|bulk|banned"
)
_TOO_FAST = re.compile(r"(?i)too (fast|quickly|many)|receiving mail at a rate")


class Cause(StrEnum):
    """Whose fault a refusal is."""

    ADDRESS = "address"
    MAILBOX_FULL = "mailbox_full"
    POLICY = "policy"
    THROTTLED = "throttled"
    CONTENT = "content"
    UNCLASSIFIED = "unclassified"


# Authentication and alignment, even where the digits say "later"; 4.7.28 is a used-up quota and ends by itself.
_OUR_ALIGNMENT = frozenset(range(20, 40)) - {28}
# Faults of the address itself; 5.2.1 is a disabled mailbox unless the text speaks of speed.
_ADDRESS_FAULTS = {(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)}


def classify(code: int, text: str) -> Cause:
    """Return the cause a reply names. `text` may begin with an enhanced code or hold one."""
    match = _ENHANCED.search(text)
    subject, detail = (int(match[2]), int(match[3])) if match else (0, 0)
    if subject == 7:
        return Cause.THROTTLED if code < 500 and detail not in _OUR_ALIGNMENT else Cause.POLICY
    if (subject, detail) == (2, 2) or code in (452, 552) or _FULL.search(text):
        return Cause.MAILBOX_FULL
    if (subject, detail) in _ADDRESS_FAULTS and code >= 500:
        return Cause.THROTTLED if _TOO_FAST.search(text) else Cause.ADDRESS
    if code < 500:
        return Cause.THROTTLED
    if match is None and code in (550, 551, 553, 554):
        return _by_words(text)
    return Cause.CONTENT if subject == 6 else Cause.UNCLASSIFIED


def _by_words(text: str) -> Cause:
    """Read a refusal that names no enhanced code. The server's own words decide, where they say one thing only."""
    is_mailbox, is_ours = bool(_NO_SUCH_MAILBOX.search(text)), bool(_ABOUT_US.search(text))
    if is_mailbox != is_ours:
        return Cause.ADDRESS if is_mailbox else Cause.POLICY
    return Cause.UNCLASSIFIED


@dataclass(frozen=True, slots=True)
class Report:
    """What a returned mail says: failed or delayed, for which address, with which status and the server's own words."""

    is_failure: bool
    status: str
    diagnostic: str
    recipient: str | None = None

    @property
    def code(self) -> int:
        """The three-digit code of the diagnostic, or one that fits the status class."""
        match = re.search(r"\b([245]\d\d)\b", self.diagnostic)
        if match:
            return int(match[1])
        return {"5": 550, "4": 450}.get(self.status[:1], 250)

    @property
    def cause(self) -> Cause:
        return classify(self.code, f"{self.status} {self.diagnostic}")


def read_report(mail: Received) -> Report | None:
    """Read a delivery status notification (RFC 3464, 6533); None when the mail is not one, or tells of success."""
    for fields in mail.statuses:
        action = fields.get("action", "").strip().lower()
        if action in ("failed", "delayed"):
            status, diagnostic = fields.get("status", "")[:20], fields.get("diagnostic-code", "")[:500]
            return Report(action == "failed", status, diagnostic, _recipient(fields))
    return None


def _recipient(fields: Fields) -> str | None:
    """The address a report is about: the one we wrote to, where it says so, else the one it ended at."""
    said = fields.get("original-recipient") or fields.get("final-recipient") or ""
    address = said.rpartition(";")[2].strip().strip("<>")
    return address if "@" in address else None


def is_abuse_report(mail: Received) -> bool:
    """Say whether a mail is a feedback report (RFC 5965) of type abuse; "not-spam" and others are not."""
    return any(fields.get("feedback-type", "").strip().lower() == "abuse" for fields in mail.feedback)
