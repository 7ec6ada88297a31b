"""Which characters the typefaces that come with typst can show: PDF/UA refuses a document with any other."""

import re
import unicodedata

# Found by setting each character by itself with typst 0.15: Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic,
# punctuation and symbols. Combining marks are apart, since the compiler stops on some of them between scripts, and
# the controls that turn text round are left out: they would let a reason be read as another.
_SHOWN = """
20-7E A0-2FF 370-377 37A-37F 384-38A 38C 38E-3A1 3A3-482 48A-4FF 510-513 51A-51D 531-556 559-58A 58D-58F 5BE 5C0
5C3 5C6 5D0-5EA 5EF-5F4 606-60C 61B 61F 621-63A 640-64A 660-66D 674 679-67B 67E-680 683-684 686-687 691 698 6A4
6A9 6AF 6BE 6CC 6F0-6F9 1E00-1F15 1F18-1F1D 1F20-1F45 1F48-1F4D 1F50-1F57 1F59 1F5B 1F5D 1F5F-1F7D 1F80-1FB4
1FB6-1FC4 1FC6-1FD3 1FD6-1FDB 1FDD-1FEF 1FF2-1FF4 1FF6-1FFE 200B-200D 2010-2027 202F-2040 2042 2044-2052
2054-205E 2070-2071 2074-208E 2090-209C 20A0-20C0 2100-211E 2120 2122 2124 2126-2151 2153-2184 2189 2190-23FF
2422-2423 2460-2606 2609-262F 2638-268B 2690-269C 26A0-26A7 26AA-26AF 26B2 2701-2704 2706-2709 270C-2714
2717-2726 272A-274B 274D 274F-2752 2756 2758-275E 2761-277F 2794 2798-27AF 27B1-2B73 2B76-2B95 2B97-2BFF
FB00-FB06 FFFD
"""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SELECTORS = dict.fromkeys(range(0xFE00, 0xFE10))


def _class_of(ranges: str) -> str:
    """Ranges in hexadecimal as the inside of a character class."""
    return "".join("-".join(rf"\U{int(end, 16):08x}" for end in one.split("-")) for one in ranges.split())


_MARKS = "\u0300-\u036f"
_OTHER = re.compile(f"[^{_class_of(_SHOWN)}{_MARKS}\n]")
# One mark on a Latin letter, as names in Yoruba have; most others are one character with their letter.
_STRAY_MARK = re.compile(f"(?<![{_class_of('41-5A 61-7A C0-D6 D8-F6 F8-24F 1E00-1EFF')}])[{_MARKS}]")


def showable(text: str) -> str:
    """The text with each character that cannot be shown as U+FFFD; line feeds stay."""
    composed = unicodedata.normalize("NFC", text).translate(_SELECTORS)
    return _STRAY_MARK.sub(REPLACEMENT, _OTHER.sub(REPLACEMENT, composed))
