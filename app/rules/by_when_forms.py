"""The forms of words that "By when" cells are written in, as patterns over plain text."""

import re
import unicodedata


def plain(text: str) -> str:
    """Lower case, plain hyphens and single spaces, without full stops that end nothing; lines stay apart."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = re.sub("[\u2010-\u2015\u2212]", "-", folded)
    folded = re.sub("[\u2018\u2019\u02bc`]", "'", folded)
    folded = re.sub(r"(?<!\d)\.|\.(?!\d)", " ", folded)
    lines = (re.sub(r"\s+", " ", line).strip(" ,;:") for line in re.split(r"[\n\r\v\f\x85\u2028\u2029]", folded))
    return "\n".join(line for line in lines if line)


NONE = re.compile(r"|-+|n/?a|none|nil|no date|not applicable")
_UNKNOWN = (
    r"(?:tb[acd]|to be (?:confirmed|agreed|announced|arranged|advised|decided|determined|set)|not (?:yet )?known)"
)
TBC = re.compile(rf"(?:(?:date|timescale|timetable)s? (?:is |are )?)?{_UNKNOWN}")
CONDITION = re.compile(
    r"(?:dependent|dependant|depending|depends|conditional|contingent|subject|pending|once|when|if|unless|"
    r"as (?:and when )?(?:required|needed|necessary)|(?:following|after|upon|on) (?:the )?(?:completion|approval|"
    r"agreement|receipt|publication|appointment))\b.*"
)
DONE = re.compile(r"(?:done|completed?|achieved|finished)(?:[ :-]+(?:in |on |by )?(?P<when>.+))?")
_OFTEN = (
    r"(?:(?:on an? )?(?:daily|weekly|fortnightly|monthly|bi-?monthly|quarterly|termly|annual|annually|yearly|"
    r"half[ -]yearly|bi-?annual(?:ly)?|(?:two|three|four|six|2|3|4|6)[ -]monthly|twice (?:a|per) year)|"
    r"(?:every|each) (?:(?:two|three|four|six|2|3|4|6|other) )?(?:days?|weeks?|fortnight|months?|quarters?|years?))"
    r"(?: (?:basis|reviews?|meetings?|reports?|reporting|updates?|monitoring|audits?|returns?))?"
)
OFTEN_THEN = re.compile(rf"{_OFTEN}(?: (?P<when>(?:from|until|throughout|during|between|starting) .+|ongoing))?")
DATED_OFTEN = re.compile(rf"(?:from )?(?P<when>.+?),? (?:and )?(?:then )?{_OFTEN}(?: thereafter)?")
_ALL_YEAR = r"(?:ongoing )?(?:throughout|during|all|over)(?: the| this)?(?: (?:financial |plan(?:ning)? )?year)?"
THROUGHOUT = re.compile(rf"(?:from )?(?P<when>.+?)?,? ?(?:and |then )?(?P<all>{_ALL_YEAR}|throughout (?P<year>.+))")
ONGOING = re.compile(
    r"(?:ongoing|on-going|on going|continuous|continuing|continual)(?: work)?"
    r"(?: (?P<when>(?:to|until|throughout|from|since|during) .+))?"
)
ONGOING_AFTER = re.compile(r"(?P<when>.+?)(?: and| then|,| -)? (?:ongoing|on-going|on going|onwards?|continuing)")
FROM = re.compile(r"(?:from|starting(?: from| in)?|commencing(?: in)?|as from|with effect from|since) (?P<when>.+)")
UNTIL = re.compile(r"(?:up to|until|till|to|through to) (?P<when>.+)")
WEEK = re.compile(r"(?:w/c|week commencing|week beginning) (?P<when>.+)")
SPAN = re.compile(r" ?- ?| to | until | and | / ?|/")
DAY_SPAN = re.compile(r"(?P<first>\d{1,2})(?:st|nd|rd|th)? ?(?:-|to|and) ?(?P<last>\d{1,2}\D.*)")
BETWEEN = re.compile(r"(?:from|between) (?P<when>.+)")
ASIDE = re.compile(
    r"(?:by|due|in|on|no later than|not later than|at|for|during|within) (?=\S)|"
    r"(?:the )?(?:end|beginning|start|middle) (?:of )?(?:the )?|mid(?:dle)?[ -]|early |late "
)
MARK = re.compile(r"(?:^|(?<=[\s,;]))(?:\((?:[ivx]+|[a-h]|\d)\)|(?:[ivx]+|[a-h]|\d)\))\s*")
LIST = (re.compile(r"\n"), re.compile(r" ?; ?| ?, ?| ?& ?| and | ?/ ?"))
