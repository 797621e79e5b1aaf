"""A link's target is what the author wrote, and can be put into a header."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tracking.links import web_targets

_PARTS = st.sampled_from(
    ["https://", "HTTP://", "//", "shop.test", "bücher.test", "faß.de", ":8443", ":0", ":x", "u:p@", "[::1]", "\\",
     "/größe", "?q=a b", "#top", "%41", "\r\nX: y", "\0", "\x01", "\t", " ", " ", "<", '"', "&", "{", "例え.test"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "target"),
    [
        (
            "https://bücher.test/größe?q=大 小\r\nX: y",
            "https://xn--bcher-kva.test/gr%C3%B6%C3%9Fe?q=%E5%A4%A7%20%E5%B0%8FX:%20y",
        ),
        ("https://faß.test", "https://xn--fa-hia.test"),
        ("https://Shop.test:8443?a=1#b", "https://Shop.test:8443?a=1#b"),
        ("\x01HTTPS://shop.test", "https://shop.test"),
        ("https://shop.test/" + "x" * web_targets.LONGEST, ""),
        ("https://shop.test:0/", ""),
        ("https://evil.test\\.shop.test/", ""),
    ],
)
def test_only_what_no_url_may_hold_is_written_otherwise(written: str, target: str) -> None:
    assert web_targets.read(written) == target


@given(st.lists(_PARTS | st.text(max_size=5), max_size=8).map("".join) | st.text())
def test_whatever_is_written_leads_to_the_web_or_nowhere(written: str) -> None:
    """Plain ASCII without spaces and control characters, and the same again when it is read once more."""
    target = web_targets.read(written)

    assert target == "" or urlsplit(target).scheme in ("http", "https")
    assert all("!" <= character <= "~" for character in target)
    assert web_targets.read(target) == target
