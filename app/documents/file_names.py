"""Names of files from outside, made fit to show and to save."""

import re
import unicodedata
from urllib.parse import quote

from app.documents.evidence.media_types import EXTENSIONS

_LONGEST = 200


def display_name(given: str | None, media_type: str) -> str:
    """A name for people: without folders, control characters and marks that a file system gives a meaning to.

    Its extension is one of the media type's, whatever the caller called it.
    """
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", given or ""))[-1]
    name = "".join(mark for mark in name if mark.isprintable())
    name = re.sub(r'[<>:"|?*]', "_", name).strip(" .") or "document"
    fitting = EXTENSIONS[media_type]
    extension = next((one for one in fitting if name.lower().endswith(one)), None)
    stem, extension = (name[: -len(extension)], name[-len(extension) :]) if extension else (name, fitting[0])
    return (stem[: _LONGEST - len(extension)] or "document") + extension


def attachment(name: str) -> str:
    """The Content-Disposition that saves a file under that name (RFC 6266), for old clients in ASCII too."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r'["/\\]', "_", plain).strip()
    plain = f"document{plain}" if plain.startswith(".") else plain
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
