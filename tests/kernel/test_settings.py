"""An operator hears of every wrong setting at once, by name."""

from __future__ import annotations

import pytest

from app.kernel import settings

GOOD = {
    "DATABASE_URL": "postgresql://localhost/assent",
    "REDIS_URL": "redis://localhost",
    "SMTP_URL": "smtp://localhost",
    "PUBLIC_URL": "https://mail.example.com/",
    "SECRET_KEYS": "2:" + "ab" * 32 + ",1:" + "cd" * 32,
}


def test_good_settings_are_read() -> None:
    read = settings.read(GOOD)

    assert read.public_url == "https://mail.example.com"
    assert [key.id for key in read.secret_keys] == [2, 1]
    assert not read.allow_private_relays
    assert settings.read(GOOD | {"ALLOW_PRIVATE_RELAYS": "1"}).allow_private_relays


def test_what_a_workspace_may_ask_of_the_workers_is_the_operators_to_say() -> None:
    read = settings.read(GOOD)
    assert (read.workers, read.jobs_per_workspace, read.relay_timeout) == (3, 2, 10)
    for name in ("WORKERS", "JOBS_PER_WORKSPACE", "RELAY_TIMEOUT"):
        with pytest.raises(settings.SettingsInvalid, match=f"{name} must be a whole number of at least 1"):
            settings.read(GOOD | {name: "0"})


def test_everything_missing_is_said_at_once() -> None:
    with pytest.raises(settings.SettingsInvalid) as refused:
        settings.read({"WORKERS": "many", "ALLOW_PRIVATE_RELAYS": "yes"})

    for name in (*GOOD, "WORKERS", "ALLOW_PRIVATE_RELAYS"):
        assert sum(name in problem for problem in refused.value.problems) == 1


@pytest.mark.parametrize(
    "keys",
    ["", "1:zz", "1:" + "ab" * 8, "300:" + "ab" * 32, "1:" + "ab" * 32 + ",1:" + "cd" * 32, "nonsense"],
)
def test_weak_or_garbled_keys_are_refused(keys: str) -> None:
    with pytest.raises(settings.SettingsInvalid, match="SECRET_KEYS"):
        settings.read(GOOD | {"SECRET_KEYS": keys})


def test_a_fresh_key_is_good_enough() -> None:
    assert settings.read(GOOD | {"SECRET_KEYS": settings.new_key(7)}).secret_keys[0].id == 7


@pytest.mark.parametrize(
    ("url", "given", "address"),
    [
        ("https://mail.example.com", "", "no-reply@mail.example.com"),
        ("http://localhost:8000", "", "no-reply@localhost"),
        ("http://192.0.2.7:8000", "", "no-reply@localhost"),
        ("http://[2001:db8::1]:8000", "", "no-reply@localhost"),
        ("https://mail.example.com", "assent@example.com", "assent@example.com"),
    ],
)
def test_the_installation_has_an_address_of_its_own(url: str, given: str, address: str) -> None:
    assert settings.read(GOOD | {"PUBLIC_URL": url, "MAIL_FROM": given}).own_address == address


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(settings.SettingsInvalid, match="MAIL_FROM"):
        settings.read(GOOD | {"MAIL_FROM": "Shop <a@b.example>"})
