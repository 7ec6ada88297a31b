"""Which characters the typefaces that come with typst can show: PDF/UA refuses a document with any other."""

import re

# Found by setting every assigned character below U+3000, and the presentation forms, with typst 0.15. Controls
# that turn the direction of text round are left out on purpose: they would let a rationale read as another.
_SHOWN = """
20-7E A0-377 37A-37F 384-38A 38C 38E-3A1 3A3-484 487-4FF 510-513 51A-51D 531-556 559-58A 58D-58F 591-5C7 5D0-5EA
5EF-5F4 606-60C 615 61B 61F 621-63A 640-64A 65A 660-66D 674 679-67B 67E-680 683-684 686-687 691 698 6A4 6A9 6AF
6BE 6CC 6F0-6F9 900-950 955-97F E3F E81-E82 E84 E87-E88 E8A E8D E94-E97 E99-E9F EA1-EA3 EA5 EA7 EAA-EAB EAD-EB9
EBB-EBC EC8-ECD 10D0-10FF 115F-1160 13A0-13F5 13F8-13FD 17B4-17B5 17C1-17C3 180B-180D 180F 1D00-1DBF 1E00-1F15
1F18-1F1D 1F20-1F45 1F48-1F4D 1F50-1F57 1F59 1F5B 1F5D 1F5F-1F7D 1F80-1FB4 1FB6-1FC4 1FC6-1FD3 1FD6-1FDB
1FDD-1FEF 1FF2-1FF4 1FF6-1FFE 2000-200D 2010-2027 202F-2040 2042 2044-2052 2054-205F 2070-2071 2074-208E
2090-209C 20A0-20C0 2100-211E 2120 2122 2124 2126-2151 2153-2184 2189 2190-23FF 2422-2423 2460-2606 2609-262F
2638-268B 2690-269C 26A0-26A7 26AA-26AF 26B2 2701-2704 2706-2709 270C-2714 2717-2726 272A-274B 274D 274F-2752
2756 2758-275E 2761-277F 2794 2798-27AF 27B1-2B73 2B76-2B95 2B97-2BFF 2C60-2CF3 2CF9-2CFF 2E02-2E05 2E08-2E0A
2E17-2E18 2E1F 2E22-2E25 2E2E FB00-FB06 FB13-FB17 FB1D-FB36 FB38-FB3C FB3E FB40-FB41 FB43-FB44 FB46-FB4F
FB52-FB81 FB8A-FB95 FB9E-FB9F FBAA-FBAD FBE8-FBE9 FBFC-FBFF FE00-FE0F FE2E-FE2F FE66 FE70-FE74 FE76-FEFC FFA0
FFFC-FFFD
"""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def _class_of(ranges: str) -> str:
    """Ranges in hexadecimal as the inside of a character class."""
    return "".join("-".join(rf"\U{int(end, 16):08x}" for end in one.split("-")) for one in ranges.split())


_OTHER = re.compile(f"[^{_class_of(_SHOWN)}\n]")
# Marks on letters of another typeface can still be beyond it; these never are.
_OTHER_THAN_LATIN = re.compile(f"[^{_class_of('20-7E A0-17F 2013 2014 2018-201D 2026 20AC FFFD')}\n]")


def showable(text: str, *, latin_only: bool = False) -> str:
    """The text with each character that cannot be shown as U+FFFD; line feeds stay."""
    return (_OTHER_THAN_LATIN if latin_only else _OTHER).sub(REPLACEMENT, text)
