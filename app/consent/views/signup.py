"""The public sign-up form. It answers the same whether we know the address or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import workspaces
from app.consent.asked_fields import answers, asked, keeping
from app.consent.asked_fields.answers import AnswersRefused
from app.consent.asked_fields.asked import AskedField, Offered
from app.consent.models import SignupForm
from app.consent.signup import abuse, double_opt_in, signup_forms
from app.consent.signup.double_opt_in import Answer, NothingChosen
from app.consent.signup.signup_forms import Choice
from app.consent.tokens import SignupStamp
from app.consent.views.blueprint import Sender, bp, language_for, public_page, sender_of
from app.consent.views.profile_fields import controls
from app.customers.addresses import emails
from app.customers.addresses.emails import BadAddress
from app.kernel.limiter import limiter
from app.kernel.refusals import NotFound, Refusal
from app.kernel.services import services
from app.kernel.tokens import BadToken, TokenExpired
from app.web import errors, guard, language

_PAGE = "/f/<workspace_slug>/<form_slug>"


@dataclass(frozen=True)
class _Opened:
    """A form as the visitor finds it."""

    sender: Sender
    form: SignupForm
    language: str
    choices: list[Choice]
    asked: list[AskedField]
    known: dict[str, Offered]


@bp.get(_PAGE)
@guard.public("anybody may sign up")
def show_signup(workspace_slug: str, form_slug: str) -> ResponseReturnValue:
    """Show the form, every box empty."""
    return _show(_open(workspace_slug, form_slug, keep=False))


@bp.post(_PAGE)
@guard.public("anybody may sign up")
def sign_up(workspace_slug: str, form_slug: str) -> ResponseReturnValue:
    """Note the request; whoever filled the hidden field is a program and gets the same answer for nothing."""
    opened = _open(workspace_slug, form_slug, keep=True)
    email = request.form.get("email", "").strip()
    if request.form.get("website"):
        return _thank(opened, email)
    if not _was_read(opened):
        return _show(opened, notice=_("Please check what you entered and press the button once more."))
    if not abuse.admits(
        limiter(),
        workspace_id=opened.sender.workspace_id,
        form_id=opened.form.id,
        ip=request.remote_addr,
        email=email,
    ):
        return _show(opened, notice=_("Too many sign-ups just now. Please try again in a few minutes.")), 429
    try:
        emails.normalise(email)
        _ask(opened, email)
    except (BadAddress, NothingChosen, AnswersRefused) as refusal:
        return _show(opened, refusal=refusal), 422
    return _thank(opened, email)


def _open(workspace_slug: str, form_slug: str, *, keep: bool) -> _Opened:
    with services().database.transaction() as session:
        workspace = workspaces.find_by_slug(session, workspace_slug)
    if workspace is None:
        raise NotFound
    with services().database.transaction(workspace.id) as session:
        form = signup_forms.get_open(session, workspace.id, form_slug)
        sender = sender_of(session, workspace.id)
        code = language_for(form.language)
        now = services().clock.now()
        choices = signup_forms.choices(session, form, language=code, sender=sender.name, now=now, keep=keep)
        fields, known = keeping.of_form(session, form), asked.offered(session, workspace.id)
    return _Opened(sender, form, code, choices, fields, known)


def _ask(opened: _Opened, email: str) -> None:
    ticked = {choice.name for choice in opened.choices if request.form.get(choice.name)}
    answer = Answer(
        email=email,
        chosen=tuple(choice for choice in opened.choices if choice.name in ticked),
        declined=tuple(choice for choice in opened.choices if choice.name not in ticked and choice.topic is None),
        language=opened.language,
        # The address we are known by: the Host header says whatever the visitor likes, and evidence is for ever.
        page=f"{services().settings.public_url}{request.path}",
        ip=request.remote_addr,
        user_agent=_line(request.user_agent.string, 300),
        fields=_answers(opened),
    )
    with services().database.transaction(opened.sender.workspace_id) as session:
        double_opt_in.request(session, opened.sender.workspace_id, opened.form, answer, now=services().clock.now())


def _answers(opened: _Opened) -> dict[str, Any]:
    """Return what was typed into the profile fields, by their keys; raise AnswersRefused."""
    if not opened.asked:
        return {}
    typed = controls.typed(controls.form_of(opened.asked, opened.known), opened.asked)
    with services().database.transaction(opened.sender.workspace_id) as session:
        return answers.check(
            session, opened.sender.workspace_id, opened.asked, typed, now=services().clock.now()
        )


def _line(text: str, longest: int) -> str:
    """Return one clean line: control characters are nobody's name."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:longest]


def _was_read(opened: _Opened) -> bool:
    """Say whether this very form was shown, at most a day and at least a moment ago."""
    now = services().clock.now()
    try:
        stamp = SignupStamp.decode(services().tokens, request.form.get("stamp", ""), now=now)
    except (BadToken, TokenExpired):
        return False
    if (stamp.workspace_id, stamp.form_id) != (opened.sender.workspace_id, opened.form.id):
        return False
    return now - stamp.shown_at >= abuse.FASTEST_HUMAN


def _stamp(opened: _Opened) -> str:
    stamp = SignupStamp(opened.sender.workspace_id, opened.form.id, int(services().clock.now().timestamp()))
    return stamp.encode(services().tokens, valid_for=abuse.PAGE_VALID_FOR)


def _show(opened: _Opened, *, notice: str | None = None, refusal: Refusal | None = None) -> str:
    language.use(opened.language)
    profile = controls.form_of(opened.asked, opened.known)
    if isinstance(refusal, AnswersRefused):
        controls.refuse(profile, opened.asked, refusal)
        notice = errors.say(refusal)
    return public_page(
        "consent/public_signup.html",
        opened.sender,
        opened.language,
        form=opened.form,
        topics=[choice for choice in opened.choices if choice.topic],
        purposes=[choice for choice in opened.choices if choice.topic is None],
        typed=request.form,
        profile=[profile[controls.name_of(each)] for each in opened.asked],
        required={controls.name_of(each) for each in opened.asked if each.is_required},
        stamp=_stamp(opened),
        notice=notice,
        email_error=errors.say(refusal) if isinstance(refusal, BadAddress) else None,
        topic_error=errors.say(refusal) if isinstance(refusal, NothingChosen) else None,
    )


def _thank(opened: _Opened, email: str) -> str:
    return public_page(
        "consent/public_asked.html", opened.sender, opened.language, email=_line(email, 254), form=opened.form
    )
