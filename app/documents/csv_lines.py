"""CSV (RFC 4180), written a piece at a time: UTF-8, CRLF, and no cell that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

ROWS_A_PIECE = 500
_RUN_BY_SPREADSHEETS = frozenset("=+-@\t\r")


def csv_lines(header: Sequence[str], rows: Iterable[Iterable[object]]) -> Iterator[bytes]:
    """A header line and the rows, in pieces of some hundred lines."""
    piece = io.StringIO(newline="")
    writer = csv.writer(piece, lineterminator="\r\n")
    writer.writerow(header)
    for count, row in enumerate(rows, start=1):
        # Numbers, and words of an enumeration of ours, begin with none of the signs.
        writer.writerow([harmless(cell) if type(cell) is str else cell for cell in row])
        if count % ROWS_A_PIECE == 0:
            yield piece.getvalue().encode()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue().encode()


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: one that would begin with `=`, `+`, `-`, `@`, a tab or a
    carriage return begins with an apostrophe."""
    return f"'{text}" if text[:1] in _RUN_BY_SPREADSHEETS else text
