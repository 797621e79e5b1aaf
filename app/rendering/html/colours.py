"""CSS colours as far as a mail's legibility depends on them: read from values, and compared by contrast."""

from __future__ import annotations

import re

from app.brands.contrast import luminance

Colour = tuple[float, float, float]
BLACK, WHITE, LINK = (0.0, 0.0, 0.0), (255.0, 255.0, 255.0), (0.0, 0.0, 238.0)
# WCAG asks for 4.5; below this nobody sees that there is text at all.
LEAST_CONTRAST = 1.25

_NAMES = {
    "aliceblue": "f0f8ff", "antiquewhite": "faebd7", "azure": "f0ffff", "beige": "f5f5dc", "bisque": "ffe4c4",
    "black": "000000", "blanchedalmond": "ffebcd", "blue": "0000ff", "brown": "a52a2a", "cornsilk": "fff8dc",
    "crimson": "dc143c", "cyan": "00ffff", "darkblue": "00008b", "darkgray": "a9a9a9", "darkgreen": "006400",
    "darkgrey": "a9a9a9", "darkred": "8b0000", "dimgray": "696969", "dimgrey": "696969", "floralwhite": "fffaf0",
    "fuchsia": "ff00ff", "gainsboro": "dcdcdc", "ghostwhite": "f8f8ff", "gold": "ffd700", "gray": "808080",
    "green": "008000", "grey": "808080", "honeydew": "f0fff0", "ivory": "fffff0", "lavender": "e6e6fa",
    "lavenderblush": "fff0f5", "lemonchiffon": "fffacd", "lightcyan": "e0ffff", "lightgray": "d3d3d3",
    "lightgrey": "d3d3d3", "lightyellow": "ffffe0", "lime": "00ff00", "linen": "faf0e6", "magenta": "ff00ff",
    "maroon": "800000", "midnightblue": "191970", "mintcream": "f5fffa", "mistyrose": "ffe4e1", "navy": "000080",
    "oldlace": "fdf5e6", "olive": "808000", "orange": "ffa500", "papayawhip": "ffefd5", "pink": "ffc0cb",
    "purple": "800080", "red": "ff0000", "seashell": "fff5ee", "silver": "c0c0c0", "snow": "fffafa",
    "teal": "008080", "tomato": "ff6347", "white": "ffffff", "whitesmoke": "f5f5f5", "yellow": "ffff00",
}  # fmt: skip
_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_FUNCTION = re.compile(
    r"(rgb|hsl)a?\(\s*([\d.]+)(?:deg)?(%?)[\s,]+([\d.]+)(%?)[\s,]+([\d.]+)(%?)(?:[\s,/]+([\d.]+)(%?))?"
)
_IN_SHORTHAND = re.compile(r"(?:rgb|hsl)a?\([^)]*\)|#[0-9a-f]{3,8}|[a-z]+")


def read(value: str) -> tuple[Colour, float] | None:
    """Return a colour and how opaque it is; None for what is no colour we know."""
    value = value.strip().lower()
    if value == "transparent":
        return BLACK, 0.0
    plain = _NAMES.get(value, value)
    if found := _HEX.fullmatch(plain):
        digits = found[1] if len(found[1]) > 4 else "".join(digit * 2 for digit in found[1])
        red, green, blue, *rest = (int(digits[at : at + 2], 16) for at in range(0, len(digits), 2))
        return (red, green, blue), rest[0] / 255 if rest else 1.0
    if found := _FUNCTION.match(value):
        alpha = _number(found[8]) / (100 if found[9] else 1) if found[8] else 1.0
        first, second, third = _number(found[2]), _number(found[4]), _number(found[6])
        if found[1] == "hsl":
            return _from_hsl(first, second / 100, third / 100), alpha
        scale = 2.55 if found[3] else 1.0
        return (min(first * scale, 255.0), min(second * scale, 255.0), min(third * scale, 255.0)), alpha
    return None


def read_in_shorthand(value: str) -> tuple[Colour, float] | None:
    """Return the first colour of a `background` value."""
    return next((colour for word in _IN_SHORTHAND.findall(value.lower()) if (colour := read(word))), None)


def contrast(first: Colour, second: Colour) -> float:
    """Return the contrast ratio, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _from_hsl(hue: float, saturation: float, lightness: float) -> Colour:
    reach = min(saturation, 1.0) * min(lightness, 1.0 - min(lightness, 1.0))
    lightness = min(lightness, 1.0)

    def part(offset: int) -> float:
        turn = (offset + hue / 30) % 12
        return 255 * (lightness - reach * max(-1.0, min(turn - 3, 9 - turn, 1.0)))

    return part(0), part(8), part(4)


def _number(digits: str) -> float:
    try:
        return min(float(digits), 1e6)
    except ValueError:
        return 0.0
