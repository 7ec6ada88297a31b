"""Reading a PDF back: its pages as pictures, its words, its tags."""

import io
import unicodedata
from collections.abc import Iterator
from typing import Any

import pikepdf
import pypdfium2
from PIL import Image

DOTS_PER_POINT = 2


def pictures(content: bytes) -> list[Image.Image]:
    """Each page in grey, two dots a point."""
    with pypdfium2.PdfDocument(content) as pdf:
        return [page.render(scale=DOTS_PER_POINT, grayscale=True).to_pil().convert("L") for page in pdf]


def page_texts(content: bytes) -> list[str]:
    """The words of each page, in the order of the document."""
    with pypdfium2.PdfDocument(content) as pdf:
        return [page.get_textpage().get_text_bounded() for page in pdf]


def squeezed(text: str) -> str:
    """Text without anything that a line break or a cell may add or take away."""
    composed = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in composed if not sign.isspace() and sign not in "\u200b\u00ad\u0002\ufffe")


def whole_text(content: bytes) -> str:
    """Every word of the document, squeezed."""
    return squeezed("".join(page_texts(content)))


def opened(content: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(content))


def tags(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every element of the structure tree, parents first."""

    def below(element: Any) -> Iterator[Any]:
        children = element.get("/K")
        for child in children if isinstance(children, pikepdf.Array) else [children]:
            if isinstance(child, pikepdf.Dictionary) and "/S" in child:
                yield child
                yield from below(child)

    return below(pdf.Root.StructTreeRoot)


def attribute(element: Any, name: str) -> Any:
    """An attribute of an element of the structure tree, None if it has none."""
    return next((one[name] for one in element.get("/A", []) if name in one), None)
