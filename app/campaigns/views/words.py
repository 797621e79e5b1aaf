"""Labels of reasons, checks and steps on campaign pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from app.accounts.models import SendingIdentity
from app.campaigns.contents import Version
from app.campaigns.forms import LANGUAGES
from app.campaigns.launch.split import Split
from app.campaigns.models import Campaign
from app.campaigns.reports.results import PausedPart
from app.campaigns.studio.checks import Check
from app.delivery import words
from app.delivery.sending.send_queries import Progress
from app.delivery.sending.sends import STAFF
from app.web import language, shell

STEPS = {"audience": _("Audience"), "content": _("Content"), "when": _("When")}


def reason(code: str) -> str:
    """Return why people did not get it, or get it later."""
    return str(gettext(words.of_people(code)))


def pause(progress: Progress) -> str:
    """Return the message id of why sending stopped, unless staff stopped it themselves."""
    if progress.state != "paused" or progress.pause_reason in (None, STAFF):
        return ""
    return words.PAUSES[progress.pause_reason]


def paused_part(part: PausedPart) -> dict[str, str]:
    """Return which content is paused, why, and how many people wait for it."""
    waiting = people(part.progress.queued + part.progress.waiting)
    why = gettext(words.PAUSES[part.progress.pause_reason or STAFF])
    return {"name": version(part.version), "why": why, "waiting": gettext("Still waiting: %(people)s.", people=waiting)}


def check(found: Check) -> dict[str, object]:
    """Return a check as the page shows it, in the reader's language."""
    return {
        "level": found.level,
        "step": found.step,
        "message": gettext(found.msgid, **found.values) if found.values else gettext(found.msgid),
        "hint": (gettext(found.hint, **found.values) if found.values else gettext(found.hint)) if found.hint else "",
        "line": found.line,
        "column": found.column,
        "url": shell.address(found.page) if found.page else "",
        "part": gettext(found.part) if found.part else "",
        "block": found.block,
        "version": version(found.version) if found.version else "",
        "content_id": found.version.content.id if found.version else None,
    }


def version(of: Version) -> str:
    """Return what tells a content from the others of its campaign: "B · 中文"."""
    name = f"{of.variant.key} ({of.variant.name})" if of.variant.name else of.variant.key
    return f"{name} · {language_name(of.content.language)}"


def language_name(code: str) -> str:
    """Return a language's own name, or its code."""
    return dict(LANGUAGES).get(code, code)


def tabs(versions: Sequence[Version], active: Version) -> dict[str, Any]:
    """Return the variants and the languages of a campaign, each with the content it leads to from the active one."""
    by_place = {(each.variant.id, each.content.language): each for each in versions}
    keys = dict.fromkeys(each.variant.id for each in versions)
    codes = dict.fromkeys(each.content.language for each in versions)
    return {
        "variants": [_tab(by_place[number, active.content.language], active, is_language=False) for number in keys]
        if len(keys) > 1
        else [],
        "languages": [_tab(by_place[active.variant.id, code], active, is_language=True) for code in codes]
        if len(codes) > 1
        else [],
    }


def parts(split: Split) -> list[tuple[str, str]]:
    """Return who gets what as rows of a table: which mail, and how many people."""
    rows = [(_version_or_mail(part.version, split), language.number(part.people)) for part in split.parts]
    if split.held_out:
        rows.append((gettext("Nothing (holdout)"), language.number(split.held_out)))
    return rows


def _version_or_mail(of: Version, split: Split) -> str:
    return version(of) if len(split.parts) > 1 else gettext("The mail")


def _tab(to: Version, active: Version, *, is_language: bool) -> dict[str, Any]:
    name = gettext("Variant %(key)s", key=to.variant.key)
    if to.variant.name:
        name = f"{name} · {to.variant.name}"
    return {
        "label": language_name(to.content.language) if is_language else name,
        "content_id": to.content.id,
        "is_active": to.content.id == active.content.id,
    }


def launch_failure(campaign: Campaign) -> dict[str, Any] | None:
    """Return when a draft should have been sent and why it was not, in the reader's language."""
    kept = campaign.launch_failure
    if kept is None:
        return None
    message, values = kept["message"], kept["values"]
    why = gettext(message, **values) if values else gettext(message)
    return {"why": why, "at": datetime.fromisoformat(kept["at"])}


def sender(identity: SendingIdentity) -> str:
    """Return as whom mail comes: "Nightjar Tea <hello@nightjar-tea.example>"."""
    return f"{identity.from_name} <{identity.from_address}>" if identity.from_name else identity.from_address


def people(count: int) -> str:
    """Return "1 person" or "2,431 people"."""
    return str(ngettext("%(people)s person", "%(people)s people", count, people=language.number(count)))
