"""Purposes, legal bases and events: the closed vocabulary of the ledger."""

from enum import StrEnum

MARKETING = "marketing"
OPEN_TRACKING = "open_tracking"
CLICK_TRACKING = "click_tracking"
PROFILING = "profiling"

PURPOSES = (MARKETING, OPEN_TRACKING, CLICK_TRACKING, PROFILING)
# Asked once per person, not per topic.
PERSONAL_PURPOSES = (OPEN_TRACKING, CLICK_TRACKING, PROFILING)

ALL_TOPICS = 0

BASES = ("consent", "soft_opt_in", "casl_implied_purchase", "casl_implied_inquiry", "transactional")


class Event(StrEnum):
    """What a ledger record says happened."""

    REQUESTED = "requested"
    GIVEN = "given"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    RENEWED = "renewed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    COMPLAINED = "complained"
    ERASED = "erased"
    IMPORTED = "imported"
    CORRECTED = "corrected"
    REJECTED_ABUSE = "rejected_abuse"
    MERGED = "merged"
    UNMERGED = "unmerged"


# After these, only the person's own new act (never an import) makes them mailable again.
SAID_NO = frozenset({"withdrawn", "objected", "complained", "erased"})
