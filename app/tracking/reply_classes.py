"""Did a person answer, a machine, or a person who wants us to stop? (RULEBOOK B11.)"""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.tracking.models import ReplyClass

# Only the space of one line is passed over: a mail of nothing but empty lines must not cost their number squared.
_QUOTED_FROM = re.compile(
    r"^[^\S\n]*+(?:>|On .{5,200}wrote:\s*$|Am .{5,200}schrieb.*:\s*$|Le .{5,200}a écrit\s*:\s*$"
    r"|在.{3,200}写道[:：]?\s*$|-{2,}\s*(?:Original Message|Forwarded message|原始邮件)"
    r"|_{10,}|From:\s|发件人[:：]|-- ?$)",
    re.IGNORECASE | re.MULTILINE,
)
_STOP = re.compile(
    r"\W*(?:please\s+|pls\s+|kindly\s+)?(?:stop\b|unsubscribe\b|un-subscribe\b|opt[ -]?out\b|remove\s+(?:me|my)\b"
    r"|take\s+me\s+off\b|no\s+more\s+(?:e?-?mails?|mailings?|messages?|newsletters?)\b|cancel\s+(?:my\s+)?subscription\b"
    r"|abbestellen\b|abmelden\b|désabonner\b|desabonner\b|退订|退訂|取消订阅|取消訂閱|不要再发|不要再發|别再发|请停止发送)",
    re.IGNORECASE,
)
# A request to stop is short; a long letter that happens to begin with "Stop" is for a person to read.
_LONGEST_REQUEST = 200
_AUTO_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponse", "x-mail-autoreply", "x-failed-recipients")
_AUTO_PRECEDENCE = ("auto_reply", "auto-reply", "bulk", "junk", "list")
_REPORTS = ("multipart/report", "message/delivery-status", "message/disposition-notification")
_AUTO_SUBJECT = re.compile(
    r"\s*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|abwesen|réponse automatique"
    r"|自动回复|自動回覆|自动答复)",
    re.IGNORECASE,
)


def classify(*, subject: str, text: str, headers: Mapping[str, str]) -> ReplyClass:
    """Return who answered. Header names in any case; `text` may hold the quoted mail."""
    if _is_automatic(subject, {name.lower(): value for name, value in headers.items()}):
        return ReplyClass.AUTO
    words = own_words(text) or subject
    if len(words) <= _LONGEST_REQUEST and _STOP.match(words):
        return ReplyClass.UNSUBSCRIBE
    return ReplyClass.HUMAN


def own_words(text: str) -> str:
    """Return what the person wrote, without the mail they quote and without their signature."""
    quoted = _QUOTED_FROM.search(text)
    return (text[: quoted.start()] if quoted else text).strip()


def _is_automatic(subject: str, headers: Mapping[str, str]) -> bool:
    submitted = headers.get("auto-submitted", "no").partition(";")[0].strip().lower()
    return (
        submitted not in ("no", "")
        or any(name in headers for name in _AUTO_HEADERS)
        or headers.get("precedence", "").strip().lower() in _AUTO_PRECEDENCE
        or headers.get("return-path", "").strip() == "<>"
        or headers.get("content-type", "").strip().lower().startswith(_REPORTS)
        or bool(_AUTO_SUBJECT.match(subject))
    )
