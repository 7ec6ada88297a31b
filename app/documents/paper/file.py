"""A paper from a file of any of the three kinds, by its content and never by its name."""

import io
import zipfile

from app.documents.evidence.compound_file import SIGNATURE as OLE2
from app.documents.paper.blocks import Paper, UnreadablePaper
from app.documents.paper.comma_separated import read_comma_separated
from app.documents.paper.excel import read_excel
from app.documents.paper.word import read_word

_MOST_PARTS = 5_000
_MACROS = "vbaproject.bin"


def read_paper(content: bytes) -> Paper:
    """The paper in a Word document, a workbook or a CSV file. UnreadablePaper says why it cannot be read."""
    if not content.strip():
        raise UnreadablePaper("The file is empty.")
    if content.startswith(OLE2):
        raise UnreadablePaper(
            "The file is of Office 97 to 2003, or has a password. Save it as .docx or .xlsx without a password."
        )
    if content.startswith(b"%PDF"):
        raise UnreadablePaper("The file is a PDF. Send the Word document or the workbook that it was made from.")
    if not content.startswith(b"PK"):
        return read_comma_separated(content)
    names = _names(content)
    if any(name.lower().rpartition("/")[2] == _MACROS for name in names):
        raise UnreadablePaper("The file has macros. Save it as .docx or .xlsx, which have none.")
    if "xl/workbook.xml" in names:
        return read_excel(content)
    return read_word(content)


def _names(content: bytes) -> frozenset[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as fault:
        raise UnreadablePaper("The file is damaged or cut short. Send it again.") from fault
    if len(names) > _MOST_PARTS:
        raise UnreadablePaper("The file has more parts than a document has.")
    return frozenset(names)
