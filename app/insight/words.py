"""Explains scores in words."""

from __future__ import annotations

from typing import Protocol

from flask_babel import gettext as _

from app.kernel.translatable import N_


class Scores(Protocol):
    """The three scores of a customer, one to five."""

    recency: int
    frequency: int
    monetary: int


HINTS = {
    "champion": N_("Buys lately, often and much: thank them, ask them first, never with a discount alone."),
    "loyal": N_("Comes back again and again: keep the rhythm they chose."),
    "promising": N_("Has begun lately: help with the first purchase, show what goes with it."),
    "at_risk": N_("Was worth much and has not been here for long: ask why, in person if you can."),
    "sleeping": N_("Has not bought for long: one good reason to return, then silence."),
    "occasional": N_("Buys now and then: write rarely and to the point."),
}
_LATELY = {
    5: N_("Bought more recently than four in five of the others"),
    4: N_("Bought more recently than most"),
    3: N_("Bought neither lately nor long ago"),
    2: N_("Has not bought for longer than most"),
    1: N_("Is among the fifth who bought longest ago"),
}
_OFTEN = {
    5: N_("Buys more often than four in five of the others"),
    4: N_("Buys more often than most"),
    3: N_("Buys as often as many"),
    2: N_("Buys less often than most"),
    1: N_("Buys as seldom as anybody"),
}
_MUCH = {
    5: N_("Spends more than four in five of the others"),
    4: N_("Spends more than most"),
    3: N_("Spends as much as many"),
    2: N_("Spends less than most"),
    1: N_("Is among the fifth who spend least"),
}


def reasons(found: Scores) -> list[tuple[str, int, str]]:
    """Return (what, score, sentence) for each of the three scores."""
    return [
        (_("Recency"), found.recency, _(_LATELY[found.recency])),
        (_("Frequency"), found.frequency, _(_OFTEN[found.frequency])),
        (_("Value"), found.monetary, _(_MUCH[found.monetary])),
    ]
