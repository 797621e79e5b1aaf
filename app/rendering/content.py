"""What is said, and as whom: the two values a message is compiled from.

The order of use, everywhere in the house::

    content  = Content(subject, preheader, html, text, language)        # Jinja2 sources, frozen with the send
    stream   = Stream(...)                                               # same for every message of the send
    compiled = compiler.compile_content(content, stream=stream)          # once per send and process
    links.register(session, workspace_id, send_id, compiled.links)      # position n is compiled.links[n], from 0
    wire     = compiled.render(person, slots, date=mime.date_header(now))
    sender   = compiled.envelope_from(slots)

`person` holds ``customer`` (merge names to values, ``tags`` a list) and ``purchases`` (a list of product, amount,
currency, purchased_on). Only the names in ``compiled.fields_used`` are read unless
``compiled.needs_all_fields``, and purchases only if ``compiled.needs_purchases``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.rendering.dkim import Signer

LARGEST_MESSAGE = 2_000_000


class MessageTooLarge(Refusal):
    """One person's values made the message larger than two megabytes."""

    message = N_("The message would be larger than two megabytes.")


@dataclass(frozen=True)
class Content:
    """The five sources of one mail; all but the language may hold merge fields."""

    subject: str
    preheader: str
    html: str
    text: str
    language: str


@dataclass(frozen=True)
class Stream:
    """Who speaks, on which list, signed by whom: what all messages of one send share.

    `lists` False makes a notice: no List-*, no Feedback-ID, no unsubscribe footer (the double opt-in question).
    `feedback` are the three parts before the constant sender id, as campaign, workspace and kind.
    `bounce_domain` takes bounces at ``b+<message token>@bounce_domain``; without it they return to From.
    `workspace` holds the values of ``workspace.*`` merge names.
    """

    from_name: str
    from_address: str
    public_url: str
    reply_to: str | None = None
    list_id: str = ""
    list_name: str = ""
    feedback: tuple[str, str, str] = ("", "", "")
    feedback_sender: str = "assent"
    postal_address: str = ""
    bounce_domain: str | None = None
    workspace: Mapping[str, str] = field(default_factory=dict)
    signers: tuple[Signer, ...] = ()
    lists: bool = True
