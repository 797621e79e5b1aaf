"""Sending identities: addresses, DNS records, signing keys, mail server."""

from __future__ import annotations

from flask import g, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.forms import IdentityForm, NewIdentityForm, RelayForm
from app.accounts.identities import identities, sender_checks
from app.accounts.identities.sender_checks import Finding
from app.accounts.models import SendingIdentity
from app.accounts.views.blueprint import bp, settings_tabs
from app.kernel.refusals import Refusal
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/settings/identities")
@guard.role("owner")
def show_identities() -> ResponseReturnValue:
    """Show the addresses this workspace sends from."""
    return _list(NewIdentityForm(formdata=None))


@bp.post("/settings/identities")
@guard.role("owner")
def create_identity() -> ResponseReturnValue:
    """Add an address to send from, with its signing keys."""
    form = NewIdentityForm()
    try:
        if form.validate():
            identity_id = _created(form)
            return shell.back(
                url_for("accounts.show_identity", identity_id=identity_id),
                _("Now publish these records in the DNS of the domain."),
            )
    except Refusal as refusal:
        form.refuse(refusal)
    return _list(form, status=422)


@bp.get("/settings/identities/<int:identity_id>")
@guard.role("owner")
def show_identity(identity_id: int) -> ResponseReturnValue:
    """Show one identity with the DNS records it needs."""
    return _one(identity_id)


@bp.post("/settings/identities/<int:identity_id>")
@guard.role("owner")
def change_identity(identity_id: int) -> ResponseReturnValue:
    """Change name, answers and speed of an identity."""
    form = IdentityForm()
    try:
        if form.validate():
            _change(identity_id, form)
            return shell.back(url_for("accounts.show_identity", identity_id=identity_id), _("The sender is changed."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _one(identity_id, form=form, status=422)


@bp.post("/settings/identities/<int:identity_id>/relay")
@guard.role("owner")
def set_relay(identity_id: int) -> ResponseReturnValue:
    """Send through another mail server; an empty field means the installation's own."""
    form = RelayForm()
    try:
        if form.validate():
            _set_relay(identity_id, form)
            there = url_for("accounts.show_identity", identity_id=identity_id)
            return shell.back(there, _("The mail server is changed."))
    except Refusal as refusal:
        form.refuse(refusal)
    return _one(identity_id, relay_form=form, status=422)


@bp.post("/settings/identities/<int:identity_id>/renew")
@guard.role("owner")
def renew_identity_keys(identity_id: int) -> ResponseReturnValue:
    """Make new signing keys."""
    with services().database.transaction(g.workspace.id) as session:
        identities.renew_keys(
            session,
            g.workspace.id,
            identity_id,
            keys=services().settings.secret_keys,
            staff_id=g.staff.id,
            now=services().clock.now(),
        )
    return shell.back(
        url_for("accounts.show_identity", identity_id=identity_id),
        _("Publish the records of the new keys. They sign as soon as they are found."),
    )


@bp.post("/settings/identities/<int:identity_id>/check")
@guard.role("owner")
def check_identity(identity_id: int) -> ResponseReturnValue:
    """Have the DNS records looked up again."""
    with services().database.transaction(g.workspace.id) as session:
        identity = identities.get(session, g.workspace.id, identity_id)
        identities.ask_for_check(session, identity, now=services().clock.now())
    return shell.back(url_for("accounts.show_identity", identity_id=identity_id), _("The records are being looked up."))


@bp.post("/settings/identities/<int:identity_id>/default")
@guard.role("owner")
def make_default_identity(identity_id: int) -> ResponseReturnValue:
    """Offer this identity first."""
    with services().database.transaction(g.workspace.id) as session:
        identities.make_default(session, g.workspace.id, identity_id, staff_id=g.staff.id, now=services().clock.now())
    return shell.back(url_for("accounts.show_identities"), _("New campaigns start with this sender."))


def _list(form: NewIdentityForm, status: int = 200) -> ResponseReturnValue:
    with services().database.transaction(g.workspace.id) as session:
        found = identities.list_identities(session, g.workspace.id)
    rows = [(identity, sender_checks.state_of(identity)) for identity in found]
    return shell.page("accounts/identities.html", identities=rows, form=form, tabs=settings_tabs()), status


def _one(
    identity_id: int, form: IdentityForm | None = None, relay_form: RelayForm | None = None, status: int = 200
) -> ResponseReturnValue:
    with services().database.transaction(g.workspace.id) as session:
        identity = identities.get(session, g.workspace.id, identity_id)
        records = sender_checks.records(identity, services().settings)
    if form is None:
        form = IdentityForm(formdata=None, obj=identity)
        form.show()
    return shell.page(
        "accounts/identity.html",
        identity=identity,
        relay_mark=identities.relay_mark(identity),
        state=sender_checks.state_of(identity),
        is_awaited=sender_checks.is_awaited(identity),
        is_proof_asked=not services().settings.allow_unproved_senders,
        records=[(record, _(record.why), *_found(identity, record.check)) for record in records],
        form=form,
        relay_form=relay_form or RelayForm(formdata=None),
    ), status


def _found(identity: SendingIdentity, check: str) -> tuple[Finding | None, str]:
    """Return what was found for a record, and what there is to say about it."""
    finding = sender_checks.finding_of(identity, check)
    return finding, _(finding.note, **finding.values) if finding and finding.note else ""


def _created(form: NewIdentityForm) -> int:
    with services().database.transaction(g.workspace.id) as session:
        return identities.create(
            session,
            g.workspace.id,
            identities.Sender(from_name=form.from_name.data or "", from_address=form.from_address.data or ""),
            signs=bool(form.signs.data),
            keys=services().settings.secret_keys,
            staff_id=g.staff.id,
            now=services().clock.now(),
            is_proved=services().settings.allow_unproved_senders,
        ).id


def _change(identity_id: int, form: IdentityForm) -> None:
    with services().database.transaction(g.workspace.id) as session:
        form.rebase(IdentityForm(formdata=None, obj=identities.hold(session, g.workspace.id, identity_id)))
        identities.change(
            session,
            g.workspace.id,
            identity_id,
            from_name=form.from_name.data or "",
            reply_to=form.reply_to.data or None,
            rate_per_second=form.rate_per_second.data,
            staff_id=g.staff.id,
            now=services().clock.now(),
        )


def _set_relay(identity_id: int, form: RelayForm) -> None:
    with services().database.transaction(g.workspace.id) as session:
        identities.set_relay(
            session,
            g.workspace.id,
            identity_id,
            smtp_url=form.smtp_url.data or None,
            seen=form.seen.data,
            may_be_private=services().settings.allow_private_relays,
            keys=services().settings.secret_keys,
            staff_id=g.staff.id,
            now=services().clock.now(),
        )
