"""What this room announces."""

from dataclasses import dataclass

from app.kernel.queueing.outbox import Fact


@dataclass(frozen=True)
class ConfirmationRequested(Fact):
    """Somebody asked to join; the address's owner must be asked whether it was them."""

    request_id: int
    customer_id: int


@dataclass(frozen=True)
class ConsentGiven(Fact):
    """A person became mailable for a topic, or allowed a purpose (topic 0). Imports do not announce each person."""

    customer_id: int
    purpose: str
    topic_id: int


@dataclass(frozen=True)
class ConsentsImported(Fact):
    """Proof brought from elsewhere made people mailable for a topic: those of the records `first` to `last`."""

    topic_id: int
    first: int
    last: int


@dataclass(frozen=True)
class ConsentWithdrawn(Fact):
    """A person said no to a topic (0: all of them) or to a purpose; `message_id` is the mail that led them there."""

    customer_id: int
    purpose: str
    topic_id: int
    message_id: int | None = None
