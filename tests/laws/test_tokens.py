"""Every kind of token says what was put in, and none reads as another."""

from __future__ import annotations

import importlib
import inspect
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.delivery import tokens as delivery_tokens
from app.kernel.settings import Key
from app.kernel.tokens import BadToken, Tokens
from app.tracking import tokens as tracking_tokens
from tests.laws import source

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOKENS = Tokens((Key(1, b"t" * 32),))
_ENDS = {"expires_at": NOON + timedelta(days=1), "valid_for": timedelta(days=1)}


def _kinds() -> list[Any]:
    rooms = sorted(path.parent.name for path in (source.ROOT / "app").glob("*/tokens.py"))
    modules = [importlib.import_module(f"app.{room}.tokens") for room in rooms if room != "kernel"]
    return [
        kind
        for module in modules
        for kind in vars(module).values()
        if inspect.isclass(kind) and hasattr(kind, "decode") and kind.__module__ == module.__name__
    ]


def _made(kind: Any) -> Any:
    """One token of this kind; what it calls a time is one."""
    times = {name: int(NOON.timestamp()) for name in kind._fields if name.endswith("_in")}
    return kind(**{name: number for number, name in enumerate(kind._fields, 3)} | times)


def _encoded(token: Any) -> str:
    wanted = inspect.signature(token.encode).parameters
    return str(token.encode(TOKENS, **{name: value for name, value in _ENDS.items() if name in wanted}))


def test_every_room_with_links_has_its_tokens():
    assert {kind.__module__ for kind in _kinds()} == {
        f"app.{room}.tokens" for room in ("accounts", "commerce", "consent", "delivery", "tracking")
    }


@pytest.mark.parametrize("kind", _kinds())
def test_a_token_is_read_as_it_was_made(kind: Any):
    assert kind.decode(TOKENS, _encoded(_made(kind)), now=NOON) == _made(kind)


@pytest.mark.parametrize("kind", _kinds())
def test_a_token_of_one_kind_is_none_of_another(kind: Any):
    token = _encoded(_made(kind))
    for other in _kinds():
        if other is not kind:
            with pytest.raises(BadToken):
                other.decode(TOKENS, token, now=NOON)


def test_the_tokens_of_a_mail_are_those_of_their_kinds():
    """They are minted together."""
    ids = (3, 4, 5, 6)
    together = delivery_tokens.of_message(TOKENS, *ids)

    assert together == (
        delivery_tokens.MessageToken(*ids).encode(TOKENS),
        tracking_tokens.ClickToken(*ids).encode(TOKENS),
        tracking_tokens.OpenToken(*ids).encode(TOKENS),
        delivery_tokens.BounceToken(*ids).encode(TOKENS),
    )
