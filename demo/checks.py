"""Checks of the demonstration: counts from outside compared with Assent's own tables."""

from __future__ import annotations

from app.consent.ledger import verification
from demo.acts import Story
from demo.recipients import Mail

_UNREACHABLE = ("@gone.example", "@full.example")


def first_campaign(story: Story, send: int, members: set[str], allowed: set[str], mails: list[Mail]) -> None:
    """Whoever is in the segment and agreed got it once; nobody else did."""
    sums, to_reach = story.sums, members & allowed
    sums.add("messages queued", len(members), messages(story, send))
    skipped = messages(story, send, state="skipped", reason="no_permission")
    sums.add("skipped: no permission", len(members - allowed), skipped)
    dead = messages(story, send, state="refused", reason="address") - _returned(story, mails)
    sums.add("refused: no such mailbox", _at(to_reach, "gone.example"), dead)
    _mailboxes(story, mails, _reachable(to_reach))
    responses(story)


def second_campaign(
    story: Story, send: int, allowed: set[str], first: list[Mail], early: list[Mail], late: list[Mail]
) -> None:
    """Nobody who left, bounced or never agreed got it; who had the first mail waited a week for it.

    `allowed` is who could be written to when it was launched.
    """
    sums, had_first = story.sums, {mail.to for mail in first}
    everybody = len(story.shop.people)
    sums.add("messages queued", everybody, messages(story, send))
    too_soon = {mail.to for mail in early} & had_first
    sums.add("mails within a day to people with the first", 0, len(too_soon), "cap: one a week")
    sums.add("mails at once, to the others", len(_reachable(allowed - had_first)), len(early))
    waited = _reachable(allowed & had_first)
    sums.add("mails a week later", len(waited), len(late), "those who had waited")
    not_mailed = everybody - messages(story, send, state="sent") - messages(story, send, state="refused")
    sums.add("skipped or given up, each with a reason", not_mailed, _with_reason(story, send))
    _mailboxes(story, [*early, *late], {mail.to for mail in (*early, *late)} & allowed)
    responses(story)


def count_prospects(story: Story) -> int:
    """Count, in SQL of our own, those the scores call recent and who bought once."""
    return story.stage.count(
        "SELECT count(*) FROM customer_traits t JOIN customer_engagement e USING (workspace_id, customer_id)"
        " WHERE workspace_id = :w AND t.recency > 3 AND e.orders < 2"
    )


def nurture(story: Story, journey_id: int) -> None:
    """Whoever entered has arrived, left with a reason, or waits for a later mail because an earlier one had to."""
    of_journey = "SELECT count(*) FROM enrolments WHERE workspace_id = :w AND journey_id = :j"
    entered = story.stage.count(of_journey, j=journey_id)
    done = story.stage.count(of_journey + " AND state = 'done'", j=journey_id)
    stopped = story.stage.count(of_journey + " AND state = 'stopped' AND stop_reason IS NOT NULL", j=journey_id)
    later = of_journey + " AND state = 'active' AND due_at > :now"
    waiting = story.stage.count(later, j=journey_id, now=story.stage.now)
    story.sums.add("entered = at the end + left for a reason + still waiting", entered, done + stopped + waiting)


def altogether(story: Story) -> None:
    """Every mail in a mailbox is a message that says sent, and every response is on a timeline."""
    stage, sums = story.stage, story.sums
    sent = stage.count("SELECT count(*) FROM messages WHERE workspace_id = :w AND state = 'sent'")
    story.new_mails()
    sums.add("mails in mailboxes, less those that came back", story.seen - story.responses.counts["late_bounces"], sent)
    unsure = "SELECT count(*) FROM messages WHERE workspace_id = :w AND state IN ('in_doubt', 'handed')"
    sums.add("messages in doubt", 0, stage.count(unsure))
    responses(story)
    sums.add(
        "faults in the consent ledger", 0, len(verification.verify_ledger(stage.services.database, stage.workspace_id))
    )


def responses(story: Story) -> None:
    """What people, proxies and scanners did is on the timelines, told apart."""
    counts, sums = story.responses.counts, story.sums
    sums.add("opens", counts["opens"] + counts["opens_by_proxy"], activities(story, "opened"))
    sums.add("opens by image proxies", counts["opens_by_proxy"], activities(story, "opened", "proxy"))
    sums.add("clicks, scanners included", counts["clicks"] + counts["scanned_links"], activities(story, "clicked"))
    sums.add("clicks by people", counts["clicks"], activities(story, "clicked", "human"))
    sums.add("replies", counts["replies"], story.stage.count("SELECT count(*) FROM replies WHERE workspace_id = :w"))
    left = (
        "SELECT count(DISTINCT customer_id) FROM consent_ledger"
        " WHERE workspace_id = :w AND event = 'withdrawn' AND purpose = 'marketing'"
    )
    withdrawn = story.stage.count(left)
    sums.add("people who left", len(story.responses.left), withdrawn, "looking at the page changed nothing")


def messages(story: Story, send: int, *, state: str = "", reason: str = "", code: int = 0) -> int:
    """Count messages of a send, narrowed down by what is given."""
    return story.stage.count(
        "SELECT count(*) FROM messages WHERE workspace_id = :w AND send_id = :send AND (:state = '' OR state = :state)"
        " AND (:reason = '' OR reason = :reason) AND (:code = 0 OR smtp_code = :code)",
        send=send,
        state=state,
        reason=reason,
        code=code,
    )


def activities(story: Story, name: str, verdict: str = "") -> int:
    """Count what the timelines hold of one event, of one verdict or of any."""
    return story.stage.count(
        "SELECT count(*) FROM activities WHERE workspace_id = :w AND name = :name"
        " AND (:verdict = '' OR verdict = :verdict)",
        name=name,
        verdict=verdict,
    )


def _mailboxes(story: Story, mails: list[Mail], reachable: set[str]) -> None:
    got = {mail.to for mail in mails}
    agreed = {person.email for person in story.shop.people if person.has_evidence}
    story.sums.add("mails in mailboxes", len(reachable), len(mails))
    story.sums.add("mails without permission", 0, len(got - agreed))
    story.sums.add("mails that came twice", 0, len(mails) - len(got))


def _with_reason(story: Story, send: int) -> int:
    return story.stage.count(
        "SELECT count(*) FROM messages WHERE workspace_id = :w AND send_id = :send"
        " AND state NOT IN ('sent', 'refused') AND reason IS NOT NULL",
        send=send,
    )


def _returned(story: Story, mails: list[Mail]) -> int:
    return len({mail.to for mail in mails} & story.responses.returned)


def _reachable(addresses: set[str]) -> set[str]:
    return {address for address in addresses if not address.endswith(_UNREACHABLE)}


def _at(addresses: set[str], domain: str) -> int:
    return sum(address.endswith(f"@{domain}") for address in addresses)
