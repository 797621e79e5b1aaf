"""Preflight checks: whatever would embarrass or harm, found before sending, each with a fix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.accounts.identities import identities
from app.accounts.models import SendingIdentity
from app.campaigns import compose, previews
from app.campaigns.audience import Audience, is_chosen
from app.campaigns.models import Campaign
from app.kernel.refusals import Refusal
from app.rendering import compiler
from app.rendering.compiler import TemplateRefused
from app.rendering.content import Content
from app.rendering.foreign_tags.expressions import Names
from app.rendering.language import syntax
from app.rendering.sources import markup_review, templates

ERROR, WARNING = "error", "warning"
LARGE, TOO_LARGE = 80 * 1024, 100 * 1024
_REPLY = re.compile(r"\s*(re|fwd?|aw|wg|tr|回复|转发|答复)\s*[:：]", re.IGNORECASE)
_LONG_SUBJECT = 70


class NotReady(Refusal):
    """Something must be put right before this campaign can leave."""

    status = 422
    message = "This campaign cannot be sent yet."


@dataclass(frozen=True)
class Check:
    """One thing to put right (`error`) or to think about (`warning`), in which step, and how.

    `msgid` and `hint` are English message ids filled from `values`; `part` names a line other than the content, `url`
    leads to where it can be changed.
    """

    level: str
    step: str
    msgid: str
    hint: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None
    column: int | None = None
    url: str = ""
    part: str = ""

    @property
    def message(self) -> str:
        """Return the English sentence."""
        return self.msgid % self.values if self.values else self.msgid


def inspect(session: Session, campaign: Campaign, *, audience: Audience | None, public_url: str) -> list[Check]:
    """Return what was found, errors first, in the order of the page."""
    found = [
        *_audience(campaign, audience),
        *_sender(session, campaign),
        *_lines(session, campaign),
        *_content(session, campaign, public_url),
    ]
    return sorted(found, key=lambda check: check.level != ERROR)


def require_ready(session: Session, campaign: Campaign, *, audience: Audience | None, public_url: str) -> None:
    """Raise NotReady with the first error."""
    for check in inspect(session, campaign, audience=audience, public_url=public_url):
        if check.level == ERROR:
            raise NotReady(check.msgid, **check.values)


def source_problems(session: Session, campaign: Campaign) -> list[syntax.Problem]:
    """Return what is wrong in the source, for the editor to show where it is."""
    return templates.problems_of(
        campaign.format,
        campaign.source,
        brand=compose.brand_of(session, campaign),
        known_fields=compose.own_fields(session, campaign.workspace_id),
        year=campaign.updated_at.year,
    )


def _audience(campaign: Campaign, audience: Audience | None) -> Iterator[Check]:
    if campaign.topic_id is None:
        yield Check(
            ERROR, "audience", "No topic is chosen.", "People agree to topics; choose the one this mail belongs to."
        )
    if not is_chosen(campaign):
        if campaign.topic_id is not None:
            yield Check(ERROR, "audience", "No recipients are chosen yet.", "Choose a segment or everybody.")
    elif audience is not None and audience.matched == 0:
        yield Check(ERROR, "audience", "Nobody matches the segment.", "Choose another segment or change its rules.")
    elif audience is not None and audience.mailable == 0:
        yield Check(ERROR, "audience", "None of the recipients is mailable for this topic.")


def _sender(session: Session, campaign: Campaign) -> Iterator[Check]:
    workspace = workspaces.get(session, campaign.workspace_id)
    if not workspace.postal_address.strip():
        yield Check(
            ERROR, "content", "The workspace has no postal address.",
            "Every mailing must show one. Add it in the settings.",
            url="/settings",
        )  # fmt: skip
    if campaign.identity_id is None:
        yield Check(
            ERROR, "content", "There is no sender yet.", "Set up a sending address in the settings.", url="/settings"
        )
        return
    identity = identities.get(session, campaign.workspace_id, campaign.identity_id)
    if not _is_aligned(identity):
        yield Check(
            ERROR, "content", "The From address %(address)s is not of the domain %(domain)s we sign for.",
            "Mailboxes would distrust it. Change the address or the domain in the settings.",
            {"address": identity.from_address, "domain": identity.domain}, url="/settings",
        )  # fmt: skip
    if identity.proved_at is None:
        yield Check(ERROR, "content", "%(domain)s is not verified yet, so nothing leaves from %(address)s.",
                    "Publish the DNS records of the sender; they are looked up every hour.",
                    {"domain": identity.domain, "address": identity.from_address},
                    url=f"/settings/identities/{identity.id}")  # fmt: skip
    if identity.paused_at is not None:
        yield Check(ERROR, "content", "Sending from %(address)s is stopped.", "Look at the reason in the settings.",
                    {"address": identity.from_address}, url="/settings")  # fmt: skip


def _is_aligned(identity: SendingIdentity) -> bool:
    domain = identity.from_address.rpartition("@")[2].casefold()
    return domain == identity.domain.casefold() or domain.endswith("." + identity.domain.casefold())


def _lines(session: Session, campaign: Campaign) -> Iterator[Check]:
    known = compose.own_fields(session, campaign.workspace_id)
    if not campaign.subject:
        yield Check(ERROR, "content", "The subject is empty.")
    elif _REPLY.match(campaign.subject):
        yield Check(ERROR, "content", "The subject pretends to be an answer.", "Leave out “Re:” or “Fwd:”.")
    elif len(campaign.subject) > _LONG_SUBJECT:
        yield Check(WARNING, "content", "The subject is %(count)s characters long; phones show about 40.",
                    values={"count": len(campaign.subject)})  # fmt: skip
    if not campaign.preheader:
        yield Check(
            WARNING, "content", "There is no preview text.", "Mailboxes show the first words of the mail instead."
        )
    for part, line in (("Subject", campaign.subject), ("Preview text", campaign.preheader)):
        foreign = templates.foreign_problems(line, Names(known, campaign.updated_at.year), kind="line")
        for problem in foreign or syntax.check(line, kind="line", known_fields=known):
            yield Check(ERROR, "content", problem.msgid, problem.hint_msgid, problem.values, part=part)


def _content(session: Session, campaign: Campaign, public_url: str) -> Iterator[Check]:
    if not campaign.source.strip():
        yield Check(ERROR, "content", "The mail is empty.")
        return
    problems = source_problems(session, campaign)
    for problem in problems:
        yield Check(ERROR, "content", problem.msgid, problem.hint_msgid, problem.values, problem.line, problem.column)
    if problems:
        return
    content = compose.content_of(session, campaign)
    yield from _size(session, campaign, content, public_url)
    review = markup_review.review(content.html)
    if not review.has_unsubscribe:
        yield Check(WARNING, "content", "The mail has no unsubscribe link.",
                    "We add one at the end. To place it yourself, link to {{ unsubscribe_url }}.")  # fmt: skip
    if not review.has_postal_address:
        yield Check(WARNING, "content", "The mail does not show your postal address.",
                    "We add it at the end. To place it yourself, write {{ workspace.postal_address }}.")  # fmt: skip
    if review.images_without_alt:
        yield Check(WARNING, "content", "%(count)s pictures have no description.",
                    'Say in the alt attribute what they show, or alt="" if they only decorate.',
                    {"count": review.images_without_alt})  # fmt: skip
    if not review.has_language:
        yield Check(
            WARNING, "content", "The mail does not say its language.", 'Write <html lang="…"> for screen readers.'
        )
    if not review.has_direction:
        yield Check(
            WARNING, "content", "The mail does not say its writing direction.", 'Write <html dir="ltr"> or rtl.'
        )
    if not review.has_heading:
        yield Check(WARNING, "content", "The mail has no heading.",
                    "Make the line that says what it is about an h1, so that screen readers can find it.")  # fmt: skip
    if not review.has_title:
        yield Check(WARNING, "content", "The mail has no title.",
                    "Give it a head element; the subject becomes its title.")  # fmt: skip
    for url in review.plain_links[:5]:
        yield Check(WARNING, "content", "The link %(url)s is not encrypted.", "Use https:// if the page has it.",
                    {"url": url[:120]})  # fmt: skip
    for url in review.dead_links[:5]:
        yield Check(WARNING, "content", "A link is invalid: “%(url)s”.", values={"url": url[:120]})


def _size(session: Session, campaign: Campaign, content: Content, public_url: str) -> Iterator[Check]:
    try:
        compiled = compiler.compile_content(content, stream=previews.stream_of(session, campaign, public_url))
    except TemplateRefused as refused:
        yield Check(ERROR, "content", refused.problems[0].msgid, values=refused.problems[0].values)
        return
    size = previews.size_on_the_wire(compiled, previews.SOMEBODY)
    if size > TOO_LARGE:
        yield Check(ERROR, "content", "The mail is %(size)s kB large; mailboxes cut off what is beyond 100 kB.",
                    "Shorten it, so that the unsubscribe link at its end stays visible.",
                    {"size": size // 1024})  # fmt: skip
    elif size > LARGE:
        yield Check(WARNING, "content", "The mail is %(size)s kB large; at 100 kB mailboxes begin to cut it off.",
                    values={"size": size // 1024})  # fmt: skip
