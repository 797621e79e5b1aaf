"""A form of the builder costs what its size costs, and one that is too large is refused before it is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.conditions.limits import MAX_RULES
from app.segments.builder import drafts
from app.segments.builder.drafts import DraftTooLarge, Line, LineGroup
from tests.factories.segments import form_of

LIVE = {"HX-Request": "true"}


class Counted(dict[str, str]):
    """A form that counts how often it is looked into."""

    looks = 0

    def __getitem__(self, key: str) -> str:
        self.looks += 1
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.looks += 1
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.looks += 1
        return super().get(key, default)

    def __iter__(self) -> Iterator[str]:
        for key in super().__iter__():
            self.looks += 1
            yield key

    def items(self) -> Any:
        for pair in super().items():
            self.looks += 1
            yield pair


def a_form(conditions: int, inputs: int = 6) -> Counted:
    names = ("what", "op", *(f"value{number}" for number in range(inputs)))
    return Counted({f"r.{place}-{name}": "city" for place in range(conditions) for name in names})


def test_reading_a_form_takes_one_pass() -> None:
    """Every condition used to look through all inputs of the form."""
    small, large = a_form(10), a_form(190)
    for form in (small, large):
        drafts.from_form(form)

    assert small.looks <= 2 * len(small)
    assert large.looks <= 2 * len(large)


@pytest.mark.parametrize("address", ["/segments/summary", "/segments/draft", "/segments/save"])
@pytest.mark.parametrize("kind", ["wide", "deep", "long"])
def test_a_form_no_segment_can_be_is_refused_early(client: FlaskClient, address: str, kind: str) -> None:
    """Megabytes by anybody who may look: refused by number or size, in words, and nothing is counted."""
    forms = {
        "wide": {f"r.{group}.{number}-what": "city" for group in range(200) for number in range(100)},
        "deep": {f"r{'.0' * depth}-match": "any" for depth in range(1, 400)},
        "long": {"r.0-what": "city", "r.0-value": "x" * 3_000_000},
    }
    answer = client.post(address, data=forms[kind], headers=LIVE)

    assert answer.status_code in (413, 422)
    assert kind == "long" or f"at most {MAX_RULES} conditions and groups" in answer.text


def test_buttons_do_not_grow_a_form_past_what_is_read_back() -> None:
    """What the page shows can always be sent again, so one can always take something out."""
    tree = LineGroup("all", [Line() for _ in range(MAX_RULES)])
    assert len(drafts.from_form(form_of(tree)).items) == MAX_RULES
    for wish in ("add@r", "group@r", "copy@r.0"):
        with pytest.raises(DraftTooLarge):
            drafts.change(drafts.from_form(form_of(tree)), wish)
    drafts.change(tree, "remove@r.0")

    assert len(tree.items) == MAX_RULES - 1


@pytest.mark.parametrize(
    ("removed", "focused"),
    [("r.0", "r-0-what"), ("r.1", "r-1-what"), ("r.2", "r-1-what"), ("r.1.0", "r-1-add")],
)
def test_the_focus_stays_near_what_was_removed(client: FlaskClient, removed: str, focused: str) -> None:
    """Without it the focus falls to the page's top, and who works by keyboard begins anew."""
    inner: list[Line | LineGroup] = [Line("city", "is", {"value": "b"})]
    middle: Line | LineGroup = LineGroup("any", inner) if removed == "r.1.0" else Line("city", "is", {"value": "b"})
    tree = LineGroup("all", [Line("city", "is", {"value": "a"}), middle, Line("city", "is", {"value": "c"})])
    page = client.post("/segments/draft", data={**form_of(tree), "do": f"remove@{removed}"}, headers=LIVE)

    assert page.text.count("autofocus") == 1
    assert "autofocus" in page.text.partition(f'id="{focused}"')[2].partition(">")[0]


def test_a_choice_that_holds_a_comma_is_matched(client: FlaskClient) -> None:
    """Values of a list are inputs or lines of their own, never text parted by commas."""
    form: dict[str, Any] = {"r-match": "all", "r.0-what": "city", "r.0-op": "in", "r.0-value": ""}
    form["r.0-values"] = "Washington, D.C.\r\nParis"
    page = client.post("/segments/draft", data=form, headers=LIVE)
    assert "city is “Washington, D.C.” or “Paris”" in page.text
    assert "Washington, D.C.\nParis</textarea>" in page.text

    client.post("/customers/fields", data={"label": "Size", "key": "size", "kind": "choice", "choices": "S, M\nL"})
    form |= {"r.0-what": "custom.size", "r.0-values": ["S, M", "L"]}
    page = client.post("/segments/draft", data=form, headers=LIVE)
    assert "Size is “S, M” or “L”" in page.text
    assert page.text.count('value="S, M" selected') == 1
