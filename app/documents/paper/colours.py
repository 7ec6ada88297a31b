"""What colour a cell has, and which rating that is."""

import colorsys

from app.documents.paper.xml import Element
from app.rules.types import Rating

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
# Word's and Excel's names for the places of a theme; Excel counts them in this order.
THEME_NAMES = ("lt1", "dk1", "lt2", "dk2", *(f"accent{number}" for number in range(1, 7)), "hlink", "folHlink")
_OTHER_NAMES = {
    "background1": "lt1",
    "text1": "dk1",
    "background2": "lt2",
    "text2": "dk2",
    "light1": "lt1",
    "dark1": "dk1",
    "light2": "lt2",
    "dark2": "dk2",
    "hyperlink": "hlink",
    "followedHyperlink": "folHlink",
}
# Hues in degrees: amber lies between orange and yellow.
_RED_TO, _AMBER_TO, _GREEN_TO = 15, 70, 170
# Pale fills count (the green of "Good" in Excel has 0.17), greys and the tan of most themes do not.
_LEAST_SATURATION, _LEAST_VALUE = 0.12, 0.25


def theme_colours(root: Element | None) -> dict[str, str]:
    """The colours of a theme part by their names, as six hex digits."""
    colours = {}
    scheme = root.find(f".//{_A}clrScheme") if root is not None else None
    for place in scheme if scheme is not None else ():
        for colour in place:
            value = colour.get("lastClr") or colour.get("val") or ""
            if _is_hex(value):
                colours[place.tag.removeprefix(_A)] = value.upper()
    return colours


def themed(name: str, theme: dict[str, str], *, lighter: float = 0.0, darker: float = 0.0) -> str | None:
    """A theme's colour, made lighter or darker by a share from 0 to 1; null where the theme has none."""
    base = theme.get(_OTHER_NAMES.get(name, name))
    if base is None:
        return None
    parts = [int(base[place : place + 2], 16) for place in (0, 2, 4)]
    parts = [round(part + (255 - part) * lighter) for part in parts]
    parts = [round(part * (1 - darker)) for part in parts]
    return "".join(f"{part:02X}" for part in parts)


def hex_colour(value: str | None) -> str | None:
    """Six hex digits from `RRGGBB` or `AARRGGBB`; null for `auto`, for none and for what is see-through."""
    if value is None:
        return None
    if len(value) == len("AARRGGBB"):
        value = value[2:]
    return value.upper() if _is_hex(value) else None


def rating_of(fill: str | None) -> Rating | None:
    """The rating that a colour stands for; null for white, grey, black and what is neither red, amber nor green."""
    if fill is None:
        return None
    red, green, blue = (int(fill[place : place + 2], 16) / 255 for place in (0, 2, 4))
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    degrees = hue * 360
    if saturation < _LEAST_SATURATION or value < _LEAST_VALUE:
        return None
    if degrees <= _RED_TO or degrees >= 340:
        return Rating.RED
    if degrees <= _AMBER_TO:
        return Rating.AMBER
    return Rating.GREEN if degrees <= _GREEN_TO else None


def _is_hex(value: str) -> bool:
    return len(value) == len("RRGGBB") and all(digit in "0123456789abcdefABCDEF" for digit in value)
