"""Coming in, going out, and who may open the settings."""

from __future__ import annotations

import re

from app.accounts import invitations
from app.accounts.views.sign_in.login_throttle import TRIES_PER_ADDRESS_AND_NETWORK, TRIES_PER_NETWORK
from tests.factories import NOON
from tests.factories.accounts import a_member
from tests.factories.workspaces import PASSWORD, an_account

KEY = re.compile(r"assent_\d+_[A-Za-z0-9_-]{43}")
LINK = re.compile(r"/invitations/[A-Za-z0-9_-]{20,}")
NEW = "a long enough password"


def log_in(browser, email, password=PASSWORD, follow=""):
    return browser.post(f"/login{follow}", data={"email": email, "password": password})


def joined(database, workspace, role):
    with database.transaction(workspace.id) as session:
        return a_member(session, workspace.id, role=role, now=NOON)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(anonymous, workspace):
    answer = log_in(anonymous, workspace.owner_email)

    cookie = next(header for header in answer.headers.getlist("Set-Cookie") if "assent_session" in header)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_wrong_password_and_an_unknown_address_read_the_same(anonymous, workspace):
    wrong = log_in(anonymous, workspace.owner_email, "wrong password here")
    unknown = log_in(anonymous, "nobody@shop.test", "wrong password here")

    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert "The address or the password is wrong." in wrong.text
    assert "The address or the password is wrong." in unknown.text


def test_login_never_leads_to_another_site(anonymous, workspace):
    for target in ("https://evil.test", "//evil.test", "/\\evil.test", "javascript:alert(1)"):
        assert log_in(anonymous, workspace.owner_email, follow=f"?next={target}").location == "/"


def test_guessing_is_slowed_down(anonymous, database, workspace):
    victim = joined(database, workspace, "viewer").email
    for _try in range(TRIES_PER_ADDRESS_AND_NETWORK):
        assert log_in(anonymous, victim, "guess after guess").status_code == 422

    assert log_in(anonymous, victim).status_code == 429


def test_whoever_guesses_elsewhere_locks_nobody_out(app, anonymous, database, workspace):
    """However often one network tries, only that network waits; an IPv6 household is one network."""
    victim = joined(database, workspace, "viewer").email
    tries = [
        app.test_client().post(
            "/login",
            data={"email": victim, "password": "guess after guess"},
            environ_base={"REMOTE_ADDR": f"2001:db8:0:{workspace.id % 65536:x}::{n:x}"},
        )
        for n in range(TRIES_PER_NETWORK)
    ]
    answers = [answer.status_code for answer in tries]

    assert answers.count(422) == TRIES_PER_ADDRESS_AND_NETWORK
    assert set(answers[TRIES_PER_ADDRESS_AND_NETWORK:]) == {429}
    assert log_in(anonymous, victim).status_code == 302


def test_logging_out_ends_the_session_itself(client):
    stolen = client.get_cookie("assent_session").value
    client.post("/logout")
    client.set_cookie("assent_session", stolen)

    assert client.get("/settings").status_code == 302


def test_a_changed_password_ends_every_other_browser(app, client, database, workspace):
    member = joined(database, workspace, "viewer")
    here, elsewhere = app.test_client(), app.test_client()
    log_in(here, member.email), log_in(elsewhere, member.email)

    here.post("/settings/password", data={"current": PASSWORD, "password": "another long password"})

    assert here.get("/settings/password").status_code == 200
    assert elsewhere.get("/settings/password").status_code == 302


OWNERS_ONLY = ("/settings/staff", "/settings/keys", "/settings/identities", "/settings/audit")


def test_the_owner_sees_every_setting(client):
    for page in (*OWNERS_ONLY, "/settings", "/settings/password"):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert 'aria-current="page"' in answer.text


def test_nobody_else_sees_or_changes_what_is_the_owners(anonymous, database, workspace):
    for role in ("viewer", "marketer"):
        log_in(anonymous, joined(database, workspace, role).email)
        for page in OWNERS_ONLY:
            assert anonymous.get(page).status_code == 403, page
            sent = {"name": "x", "email": "x@shop.test", "role": "owner"}
            assert anonymous.post(page, data=sent).status_code in (403, 405), page


def test_a_removed_member_is_out_at_the_next_request(app, client, database, workspace):
    member = joined(database, workspace, "marketer")
    browser = app.test_client()
    log_in(browser, member.email)
    assert browser.get("/settings/password").status_code == 200

    client.post(f"/settings/staff/{member.id}/remove")

    assert browser.get("/settings/password").status_code == 403


def test_an_api_key_is_shown_once(client):
    made = client.post("/settings/keys", data={"name": "Shop"})

    assert KEY.search(made.text)
    assert made.headers["Cache-Control"] == "no-store"
    assert not KEY.search(client.get("/settings/keys").text)


def mailed_link(services, workspace):
    """The link in the mail to whom this workspace invited."""
    with services.database.transaction(workspace.id) as session:
        invitation = invitations.list_open(session, workspace.id, now=NOON)[0]
        return invitations.link(services.tokens, "", invitation)


def test_nobody_is_made_an_account_by_whoever_invites_them(client, services, workspace):
    """The link that makes an account is seen by the owner of the mailbox only."""
    made = client.post("/settings/staff", data={"email": "ceo@bigcorp.example", "role": "viewer"})

    assert made.status_code == 200
    assert "The link goes by mail to ceo@bigcorp.example only" in made.text
    assert not LINK.search(made.text)
    assert LINK.search(mailed_link(services, workspace))
    assert not LINK.search(client.get("/settings/staff").text)


def test_the_link_for_an_account_is_shown_and_asks_for_its_password(app, client, database, workspace):
    with database.transaction(None) as session:
        known = an_account(session, now=NOON).email
    made = client.post("/settings/staff", data={"email": known, "role": "viewer"})
    link, browser = LINK.search(made.text)[0], app.test_client()

    assert browser.post(link, data={"name": "Eve", "password": NEW}).status_code == 422
    assert browser.post(link, data={"password": PASSWORD}).status_code == 303


def test_an_invited_person_comes_in_by_the_link_once(app, client, services, workspace):
    client.post("/settings/staff", data={"email": "new@shop.test", "role": "viewer"})
    link = mailed_link(services, workspace)
    browser = app.test_client()

    assert "new@shop.test" in browser.get(link).text
    assert browser.post(link, data={"name": "Nora", "password": NEW}).status_code == 303
    assert browser.get("/settings/password").status_code == 200
    assert app.test_client().get(link).status_code == 410


def test_no_other_site_accepts_an_invitation_for_somebody(app, client, services, workspace):
    client.post("/settings/staff", data={"email": "csrf@shop.test", "role": "viewer"})
    link, browser = mailed_link(services, workspace), app.test_client()
    app.config.update(WTF_CSRF_ENABLED=True)
    form = {"name": "Nora", "password": NEW}

    assert browser.post(link, data=form).status_code in (400, 403)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get(link).text)[1]
    assert browser.post(link, data={**form, "csrf_token": token}).status_code == 303


def test_a_forged_invitation_is_no_page(anonymous):
    assert anonymous.get("/invitations/" + "A" * 74).status_code == 404


def test_nobody_enters_a_workspace_they_are_not_a_member_of(client, workspace):
    assert client.post(f"/workspaces/{workspace.id + 1000}/enter").status_code == 404
    assert client.post(f"/workspaces/{workspace.id}/enter").status_code == 303


def test_a_refused_setting_is_shown_at_its_field(client):
    answer = client.post("/settings", data={"name": "Shop", "sender_address": "nowhere"})

    assert answer.status_code == 422
    assert "This is not an email address" in answer.text or "form-error" in answer.text


def test_the_relay_is_never_shown_again(client, workspace):
    page = f"/settings/identities/{workspace.identity_id}"
    client.post(f"{page}/relay", data={"smtp_url": "smtp://robot:hunter2@relay.example:25"})

    assert "hunter2" not in client.get(page).text
    assert "A server of its own is set." in client.get(page).text


def test_the_only_owner_cannot_be_demoted_and_is_told_at_the_role(client, workspace):
    """The page comes back with the reason at the role, and everything else still there to be used."""
    answer = client.post(f"/settings/staff/{workspace.owner_id}/role", data={"role": "viewer"})

    assert answer.status_code == 409
    assert f'id="role-{workspace.owner_id}-error"' in answer.text
    assert "This is the only owner. Make somebody else owner first." in answer.text
    assert "Invite somebody" in answer.text
