"""Current permission is a fold of the ledger, and a no is never overridden by something weaker."""

import pytest

from app.consent.ledger import fold
from app.consent.purposes import Event


def fold_of(*answers):
    """Fold (event, topic) pairs about marketing and return the states by topic."""
    consent_states: fold.ConsentStates = {}
    for seq, (event, topic_id) in enumerate(answers, start=1):
        fold.apply(
            consent_states,
            fold.read(
                {
                    "event": event,
                    "purpose": "marketing",
                    "topic_id": topic_id,
                    "seq": seq,
                    "basis": "consent",
                    "method": "web_form",
                    "recorded_at": f"2026-03-0{seq}T00:00:00.000000Z",
                }
            ),
            seq,
        )
    return {topic_id: consent_state.state for (_, topic_id), consent_state in consent_states.items()}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([(Event.REQUESTED, 1)], {1: "pending"}),
        ([(Event.REQUESTED, 1), (Event.CONFIRMED, 1)], {1: "confirmed"}),
        ([(Event.CONFIRMED, 1), (Event.REQUESTED, 1)], {1: "confirmed"}),
        ([(Event.WITHDRAWN, 1), (Event.REQUESTED, 1)], {1: "withdrawn"}),
        ([(Event.WITHDRAWN, 1), (Event.GIVEN, 1)], {1: "given"}),
        ([(Event.GIVEN, 1), (Event.REFUSED, 1)], {1: "given"}),
        ([(Event.GIVEN, 1), (Event.GIVEN, 2), (Event.WITHDRAWN, 1)], {1: "withdrawn", 2: "given"}),
        ([(Event.GIVEN, 1), (Event.GIVEN, 2), (Event.WITHDRAWN, 0)], {1: "withdrawn", 2: "withdrawn", 0: "withdrawn"}),
        ([(Event.GIVEN, 1), (Event.COMPLAINED, 0), (Event.GIVEN, 1)], {1: "given", 0: "complained"}),
        ([(Event.GIVEN, 1), (Event.EXPIRED, 1)], {1: "expired"}),
        ([(Event.EXPIRED, 1)], {}),
        ([(Event.REQUESTED, 1), (Event.REJECTED_ABUSE, 1)], {1: "rejected"}),
        ([(Event.CONFIRMED, 1), (Event.REJECTED_ABUSE, 1)], {1: "confirmed"}),
        ([(Event.GIVEN, 1), (Event.ERASED, 0)], {1: "erased", 0: "erased"}),
        ([(Event.CORRECTED, 1)], {}),
    ],
)
def test_answers_add_up(answers, expected):
    assert fold_of(*answers) == expected
