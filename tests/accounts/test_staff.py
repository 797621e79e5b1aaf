"""Who gets in, and who no longer does."""

from __future__ import annotations

from datetime import timedelta
from time import process_time

import pytest

from app.accounts import staff
from app.accounts.sign_in import passwords, sessions
from tests.factories import NOON
from tests.factories.workspaces import PASSWORD, an_account


def test_address_and_password_let_somebody_in_whatever_the_case(session):
    ada = an_account(session, now=NOON)

    assert staff.authenticate(session, email=f" {ada.email.upper()} ", password=PASSWORD).id == ada.id


@pytest.mark.parametrize("email", ["nobody@shop.test", "not an address", ""])
def test_an_unknown_address_costs_as_much_as_a_wrong_password(session, email):
    """Otherwise the time of the answer would tell which addresses have an account."""
    ada = an_account(session, now=NOON)
    wrong = least_work(lambda: refused(session, ada.email, "not the password"))
    unknown = least_work(lambda: refused(session, email, "not the password"))

    assert wrong / 2 < unknown < wrong * 2


def refused(session, email, password):
    with pytest.raises(staff.LoginRefused):
        staff.authenticate(session, email=email, password=password)


def least_work(act):
    """Return the least processor time of several runs; hashing takes nearly all of it."""
    spent = []
    for _ in range(4):
        begun = process_time()
        act()
        spent.append(process_time() - begun)
    return min(spent)


def test_a_dated_hash_is_renewed_when_its_owner_logs_in(session):
    ada = an_account(session, now=NOON)
    ada.password_hash = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

    staff.authenticate(session, email=ada.email, password=PASSWORD)

    assert not passwords.is_dated(ada.password_hash)
    assert passwords.matches(ada.password_hash, PASSWORD)


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaaaa", "x" * 257, "Olga Owner Of The Shop"])
def test_a_password_that_can_be_guessed_is_refused(weak):
    with pytest.raises(passwords.PasswordTooWeak):
        passwords.digest(weak, unlike=("olga owner of the shop",))


def test_a_new_password_ends_every_session(session):
    """CVE-2026-34828: sessions that survive a password change belong to whoever stole them."""
    ada = an_account(session, now=NOON)
    tokens = [sessions.open_for(session, ada.id, workspace_id=None, now=NOON) for _ in range(2)]

    staff.change_password(session, ada.id, current=PASSWORD, new="another long password", now=NOON)

    assert [sessions.find(session, token, now=NOON) for token in tokens] == [None, None]


def test_a_wrong_current_password_changes_nothing(session):
    ada = an_account(session, now=NOON)

    with pytest.raises(staff.PasswordWrong):
        staff.change_password(session, ada.id, current="wrong", new="another long password", now=NOON)

    assert staff.authenticate(session, email=ada.email, password=PASSWORD)


def test_a_session_slides_while_it_is_used_and_ends_when_it_is_not(session):
    ada = an_account(session, now=NOON)
    token = sessions.open_for(session, ada.id, workspace_id=None, now=NOON)
    later = NOON + sessions.LIFETIME - timedelta(minutes=1)

    assert sessions.find(session, token, now=later)
    assert sessions.find(session, token, now=later + sessions.LIFETIME - timedelta(minutes=1))
    assert sessions.find(session, token, now=later + 3 * sessions.LIFETIME) is None


def test_one_address_has_one_account(session):
    ada = an_account(session, now=NOON)

    with pytest.raises(staff.StaffExists):
        staff.create(session, email=ada.email.upper(), name="Ada", password="another long password", now=NOON)
