"""What a reader of a return's workbook should know."""

from app.queries.return_months import ReturnSourceView
from app.rules.regions import REGIONS


def return_notes(source: ReturnSourceView) -> list[str]:
    frozen = source.revision
    if frozen is not None:
        corrected = ", ".join(frozen.corrections)
        state = [
            f"Frozen as revision {frozen.revision} at {frozen.frozen_at:%Y-%m-%dT%H:%M:%SZ} by {frozen.frozen_by}.",
            f"SHA-256 of the rows: {frozen.digest}.",
            *([f"Reason: {frozen.reason}"] if frozen.reason else []),
            *([f"Rows of corrected prisons: {corrected}."] if corrected else []),
        ]
    elif not source.is_over:
        state = [f"Provisional: {source.month} is not over, and this is how things stood on {source.day}."]
    else:
        state = [f"Provisional: as things stood at the end of {source.month.last} in London; not frozen yet."]
    return [
        f"Integrated Drug Treatment System: national status return for {source.month}.",
        *state,
        *([f"Only the prisons of one region: {REGIONS[source.region]}."] if source.region else []),
        "One row for each prison that was open on at least one day of the month.",
        "A rating counts by its word; the colour only helps to find it. Times are UTC.",
    ]
