"""Contrast of two colours (WCAG 2.2, 1.4.3), and the nearest colour that has enough of it."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Sequence

_COLOR = re.compile("#[0-9a-fA-F]{6}")
ENOUGH = 4.5
_STEPS = 100


def is_color(text: str) -> bool:
    """Say whether this is a colour as it is kept: "#rrggbb"."""
    return _COLOR.fullmatch(text) is not None


def ratio(one: str, other: str) -> float:
    """Return the contrast of two colours "#rrggbb", from 1 to 21."""
    dark, light = sorted((luminance(_parts(one)), luminance(_parts(other))))
    return (light + 0.05) / (dark + 0.05)


def is_enough(one: str, other: str) -> bool:
    """Say whether words in one of these colours can be read on the other."""
    return ratio(one, other) >= ENOUGH


def on(background: str) -> str:
    """Return black or white, whichever is easier to read on this colour."""
    return max(("#ffffff", "#000000"), key=lambda words: ratio(words, background))


def nearest(color: str, background: str) -> str:
    """Return this colour, made darker or lighter until it can be read on the other; its hue stays."""
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _parts(color)))
    target = 0.0 if on(background) == "#000000" else 1.0
    for step in range(_STEPS + 1):
        mixed = light + (target - light) * step / _STEPS
        parts = colorsys.hls_to_rgb(hue, mixed, saturation)
        made = "#" + "".join(f"{round(part * 255):02x}" for part in parts)
        if is_enough(made, background):
            return made
    return on(background)


def _parts(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def luminance(parts: Sequence[float]) -> float:
    """Return the relative luminance, 0 to 1, of red, green and blue from 0 to 255 (WCAG 2.2)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (each / 255 for each in parts)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
