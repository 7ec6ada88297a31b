"""How long the rules take for one verdict."""

import timeit
from functools import partial
from time import process_time

from app.documents.shipped import shipped_toolkits
from app.rules.readiness import judge_ratings, rule_book
from app.rules.types import Rating
from bench.report import Options, Table

CALLS = 20_000
MIXED = [Rating.RED] * 20 + [Rating.AMBER] * 8 + [Rating.GREEN] * 7


def run(options: Options) -> list[Table]:
    book = rule_book(shipped_toolkits()[-1])
    kinds = {"all GREEN": [Rating.GREEN] * 35, "all RED": [Rating.RED] * 35, "20 RED, 8 AMBER, 7 GREEN": MIXED}
    rows = []
    for name, ratings in kinds.items():
        judged = partial(judge_ratings, book, ratings)
        taken = timeit.repeat(judged, timer=process_time, number=CALLS, repeat=options.rounds)
        rows.append((name, f"{min(taken) / CALLS * 1e6:.2f}"))
    note = f"Processor time; the best of {options.rounds} rounds of {CALLS:,} calls of judge_ratings."
    return [Table("The rules: one verdict", ("ratings", "µs"), rows, (note,))]
