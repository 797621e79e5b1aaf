"""Preflight checks: whatever would embarrass or harm, found before sending, each with a fix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.accounts.identities import identities
from app.accounts.models import SendingIdentity, Workspace
from app.campaigns import compose, contents
from app.campaigns.contents import Version
from app.campaigns.launch.audience import Audience, is_chosen
from app.campaigns.models import Campaign, CampaignContent
from app.campaigns.studio import block_checks, previews
from app.campaigns.studio.checks import ERROR, WARNING, Check
from app.kernel import page_links
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.rendering import brands, compiler, sample_people
from app.rendering.blocks.goods import Goods
from app.rendering.blocks.look import Look
from app.rendering.compiler import TemplateRefused
from app.rendering.content import Content, Stream
from app.rendering.foreign_tags.expressions import Names
from app.rendering.language import syntax
from app.rendering.sources import markup_review, templates
from app.rendering.sources.formats import Format
from app.rendering.sources.markup_review import Review

LARGE, TOO_LARGE = 80 * 1024, 100 * 1024
_REPLY = re.compile(r"\s*(re|fwd?|aw|wg|tr|回复|转发|答复)\s*[:：]", re.IGNORECASE)
_LONG_SUBJECT = 70
_SETTINGS = page_links.to("accounts.show_settings")


class NotReady(Refusal):
    """Something must be put right before this campaign can leave."""

    status = 422
    message = N_("This campaign cannot be sent yet.")


@dataclass(frozen=True)
class Recipients:
    """How many are chosen, and how many of them may be written to."""

    matched: int
    mailable: int


@dataclass(frozen=True)
class Shared:
    """What the checks of all contents of a campaign need, read once."""

    session: Session
    workspace: Workspace
    known_fields: list[str]
    stream: Stream
    look: Look


def inspect(
    session: Session, campaign: Campaign, *, audience: Audience | None, public_url: str, content_id: int | None = None
) -> list[Check]:
    """Return what was found, errors first, in the order of the page; with `content_id`, of that content alone."""
    versions = contents.of_campaign(session, campaign)
    shared = _shared(session, campaign, public_url)
    found = [
        *_audience(campaign, audience),
        *_split(versions),
        *_sender(session, campaign, shared.workspace),
    ]
    for each in versions:
        if content_id not in (None, each.content.id):
            continue
        goods = contents.goods_of(session, shared.workspace, each.content)
        checks = [*_lines(each.content, shared.known_fields), *_content(each.content, shared, goods)]
        found += [replace(check, version=each) for check in checks] if len(versions) > 1 else checks
    return sorted(found, key=lambda check: check.level != ERROR)


def inspect_content(
    session: Session, campaign: Campaign, content: CampaignContent, *, goods: Goods, public_url: str
) -> list[Check]:
    """Return what was found in what one content says, errors first; not in its subject and preview text."""
    shared = _shared(session, campaign, public_url)
    return sorted(_content(content, shared, goods), key=lambda check: check.level != ERROR)


def _shared(session: Session, campaign: Campaign, public_url: str) -> Shared:
    return Shared(
        session,
        workspaces.get(session, campaign.workspace_id),
        compose.own_fields(session, campaign.workspace_id),
        previews.stream_of(session, campaign, public_url),
        brands.look_of(session, campaign.workspace_id),
    )


def require_ready(session: Session, campaign: Campaign, *, audience: Audience | None, public_url: str) -> None:
    """Raise NotReady with the first error; without an `audience` it is not judged."""
    for check in inspect(session, campaign, audience=audience, public_url=public_url):
        if check.level == ERROR:
            raise NotReady(check.msgid, **check.values)


def require_recipients(campaign: Campaign, recipients: Recipients) -> None:
    """Raise NotReady when nobody is chosen or nobody of them may be written to."""
    for check in _audience(campaign, recipients):
        raise NotReady(check.msgid, **check.values)


def _source_problems(content: CampaignContent, shared: Shared) -> list[syntax.Problem]:
    """Return what is wrong in the source, for the editor to show where it is."""
    return templates.problems_of(
        content.format,
        content.source,
        brand=contents.brand_of(shared.session, shared.workspace, content, look=shared.look),
        known_fields=shared.known_fields,
        year=content.updated_at.year,
    )


def _split(versions: Sequence[Version]) -> Iterator[Check]:
    weights = {each.variant.key: each.variant.weight for each in versions}
    if len(weights) > 1 and sum(weights.values()) != 100:
        yield Check(
            ERROR, "content", N_("The shares of the variants add up to %(sum)s %%, not to 100 %%."),
            N_("Change the shares until they do."), {"sum": sum(weights.values())},
        )  # fmt: skip


def _audience(campaign: Campaign, audience: Audience | Recipients | None) -> Iterator[Check]:
    if campaign.topic_id is None:
        yield Check(
            ERROR,
            "audience",
            N_("No topic is chosen."),
            N_("People agree to topics; choose the one this mail belongs to."),
        )
    if not is_chosen(campaign):
        if campaign.topic_id is not None:
            yield Check(ERROR, "audience", N_("No recipients are chosen yet."), N_("Choose a segment or everybody."))
    elif audience is not None and audience.matched == 0:
        yield Check(
            ERROR, "audience", N_("Nobody matches the segment."), N_("Choose another segment or change its rules.")
        )
    elif audience is not None and audience.mailable == 0:
        yield Check(ERROR, "audience", N_("None of the recipients is mailable for this topic."))


def _sender(session: Session, campaign: Campaign, workspace: Workspace) -> Iterator[Check]:
    if not workspace.postal_address.strip():
        yield Check(
            ERROR, "content", N_("The workspace has no postal address."),
            N_("Every mailing must show one. Add it in the settings."),
            page=_SETTINGS,
        )  # fmt: skip
    if campaign.identity_id is None:
        yield Check(
            ERROR,
            "content",
            N_("There is no sender yet."),
            N_("Set up a sending address in the settings."),
            page=_SETTINGS,
        )
        return
    identity = identities.get(session, campaign.workspace_id, campaign.identity_id)
    if not _is_aligned(identity):
        yield Check(
            ERROR, "content", N_("The From address %(address)s is not of the domain %(domain)s we sign for."),
            N_("Mailboxes would distrust it. Change the address or the domain in the settings."),
            {"address": identity.from_address, "domain": identity.domain}, page=_SETTINGS,
        )  # fmt: skip
    if identity.proved_at is None:
        yield Check(ERROR, "content", N_("%(domain)s is not verified yet, so nothing leaves from %(address)s."),
                    N_("Publish the DNS records of the sender; they are looked up every hour."),
                    {"domain": identity.domain, "address": identity.from_address},
                    page=page_links.to("accounts.show_identity", identity_id=identity.id))  # fmt: skip
    if identity.paused_at is not None:
        yield Check(
            ERROR,
            "content",
            N_("Sending from %(address)s is stopped."),
            N_("Look at the reason in the settings."),
            {"address": identity.from_address},
            page=_SETTINGS,
        )


def _is_aligned(identity: SendingIdentity) -> bool:
    domain = identity.from_address.rpartition("@")[2].casefold()
    return domain == identity.domain.casefold() or domain.endswith("." + identity.domain.casefold())


def _lines(content: CampaignContent, known: Sequence[str]) -> Iterator[Check]:
    if not content.subject:
        yield Check(ERROR, "content", N_("The subject is empty."))
    elif _REPLY.match(content.subject):
        yield Check(ERROR, "content", N_("The subject pretends to be an answer."), N_("Leave out “Re:” or “Fwd:”."))
    elif len(content.subject) > _LONG_SUBJECT:
        yield Check(WARNING, "content", N_("The subject is %(count)s characters long; phones show about 40."),
                    values={"count": len(content.subject)})  # fmt: skip
    if not content.preheader:
        yield Check(
            WARNING,
            "content",
            N_("There is no preview text."),
            N_("Mailboxes show the first words of the mail instead."),
        )
    for part, line in (("Subject", content.subject), ("Preview text", content.preheader)):
        foreign = templates.foreign_problems(line, Names(known, content.updated_at.year), kind="line")
        for problem in foreign or syntax.check(line, kind="line", known_fields=known):
            yield Check(ERROR, "content", problem.msgid, problem.hint_msgid, problem.values, part=part)


def _content(written: CampaignContent, shared: Shared, goods: Goods) -> Iterator[Check]:
    if not written.source.strip():
        yield Check(ERROR, "content", N_("The mail is empty."))
        return
    problems = _source_problems(written, shared)
    is_blocks = written.format == Format.BLOCKS
    for problem in problems:
        line, column = (None, None) if is_blocks else (problem.line, problem.column)
        found = Check(ERROR, "content", problem.msgid, problem.hint_msgid, problem.values, line, column)
        yield replace(found, block=problem.block)
    if problems:
        return
    if is_blocks:
        yield from block_checks.inspect(written.source, goods, shared.look)
    content = contents.to_mail(shared.session, shared.workspace, written, look=shared.look, goods=goods)
    yield from _size(content, shared.stream)
    yield from _markup(markup_review.review(content.html))


def _markup(review: Review) -> Iterator[Check]:
    """Yield what the finished HTML lacks."""
    if not review.has_unsubscribe:
        yield Check(WARNING, "content", N_("The mail has no unsubscribe link."),
                    N_("We add one at the end. To place it yourself, link to {{ unsubscribe_url }}."))  # fmt: skip
    if not review.has_postal_address:
        yield Check(
            WARNING,
            "content",
            N_("The mail does not show your postal address."),
            N_("We add it at the end. To place it yourself, write {{ workspace.postal_address }}."),
        )
    if review.images_without_alt:
        yield Check(WARNING, "content", N_("Pictures without a description: %(count)s."),
                    N_('Say in the alt attribute what they show, or alt="" if they only decorate.'),
                    {"count": review.images_without_alt})  # fmt: skip
    if not review.has_language:
        yield Check(
            WARNING,
            "content",
            N_("The mail does not say its language."),
            N_('Write <html lang="…"> for screen readers.'),
        )
    if not review.has_direction:
        yield Check(
            WARNING, "content", N_("The mail does not say its writing direction."), N_('Write <html dir="ltr"> or rtl.')
        )
    if not review.has_heading:
        yield Check(
            WARNING,
            "content",
            N_("The mail has no heading."),
            N_("Make the line that says what it is about an h1, so that screen readers can find it."),
        )
    if not review.has_title:
        yield Check(WARNING, "content", N_("The mail has no title."),
                    N_("Give it a head element; the subject becomes its title."))  # fmt: skip
    for url in review.plain_links[:5]:
        yield Check(
            WARNING,
            "content",
            N_("The link %(url)s is not encrypted."),
            N_("Use https:// if the page has it."),
            {"url": url[:120]},
        )
    for url in review.dead_links[:5]:
        yield Check(WARNING, "content", N_("A link is invalid: “%(url)s”."), values={"url": url[:120]})


def _size(content: Content, stream: Stream) -> Iterator[Check]:
    try:
        compiled = compiler.compile_content(content, stream=stream)
    except TemplateRefused as refused:
        yield Check(ERROR, "content", refused.problems[0].msgid, values=refused.problems[0].values)
        return
    size = previews.size_on_the_wire(compiled, sample_people.SAMPLE)
    if size > TOO_LARGE:
        yield Check(ERROR, "content", N_("The mail is %(size)s kB large; mailboxes cut off what is beyond 100 kB."),
                    N_("Shorten it, so that the unsubscribe link at its end stays visible."),
                    {"size": size // 1024})  # fmt: skip
    elif size > LARGE:
        yield Check(WARNING, "content", N_("The mail is %(size)s kB large; at 100 kB mailboxes begin to cut it off."),
                    values={"size": size // 1024})  # fmt: skip
