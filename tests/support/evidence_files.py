"""Files as callers send them, made as their formats say; small, and some of them hostile."""

import io
import struct
import zipfile

import openpyxl

OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN = "application/vnd.oasis.opendocument"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
VBA = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
MAIL = b"From: lead@example.org\r\nTo: pct@example.org\r\nSubject: Terms\r\n of reference\r\n\r\n<p>Agreed.</p>\r\n"
SAMPLES = {
    "minutes.pdf": (PDF, "application/pdf"),
    "scan.png": (PNG, "image/png"),
    "photo.jpg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01" + bytes(40), "image/jpeg"),
    "camera.jpg": (b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00" + bytes(40), "image/jpeg"),
    "chart.gif": (b"GIF89a\x01\x00\x01\x00" + bytes(20), "image/gif"),
    "fax.tif": (b"II*\x00\x08\x00\x00\x00" + bytes(40), "image/tiff"),
    "fax-be.tiff": (b"MM\x00*\x00\x00\x00\x08" + bytes(40), "image/tiff"),
    "photo.webp": (b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(40), "image/webp"),
    "phone.heic": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(40), "image/heic"),
    "note.txt": ("Dr Müller agreed – “in principle”.\r\n".encode(), "text/plain"),
    "old-note.txt": ("Dr Müller agreed \u2013 \u201cin principle\u201d.\r\n".encode("cp1252"), "text/plain"),
    "staff.csv": (b"post,name\r\nnurse,A\r\nnurse,B\r\n", "text/csv"),
    "staff-de.csv": (b"post;name\nnurse;A, B\n", "text/csv"),
    "agreed.eml": (MAIL, "message/rfc822"),
}


def archive(parts: dict[str, bytes], first: str | None = None, packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these parts; `first` is stored as it is, ahead of the rest."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as found:
        for name, part in sorted(parts.items(), key=lambda pair: pair[0] != first):
            found.writestr(name, part, zipfile.ZIP_STORED if name == first else packing)
    return content.getvalue()


def office(
    kind: str = "wordprocessingml.document",
    main: str = "word/document.xml",
    more: dict[str, bytes] | None = None,
    packing: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A Word, Excel or PowerPoint file in the new format, as far as it tells what it is."""
    parts = {"[Content_Types].xml": types(kind, main), "_rels/.rels": relationships(main), main: b"<x/>"}
    return archive(parts | (more or {}), packing=packing)


def types(kind: str = "wordprocessingml.document", main: str = "word/document.xml", more: str = "") -> bytes:
    """The list of a package's types, with further entries."""
    return f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType=
"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/{main}" ContentType="{OFFICE}.{kind}.main+xml"/>{more}</Types>""".encode()


def relationships(target: str, kind: str = f"{RELATED}/officeDocument") -> bytes:
    """The relationships of a part, or of the package: one to the target."""
    return f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship
Id="rId1" Type="{kind}" Target="{target}"/></Relationships>""".encode()


def open_document(kind: str = "text", more: dict[str, bytes] | None = None) -> bytes:
    return archive({"mimetype": f"{OPEN}.{kind}".encode(), "content.xml": b"<x/>"} | (more or {}), first="mimetype")


def workbook() -> bytes:
    """An Excel file as a spreadsheet program writes it."""
    content = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["post", "in post"])
    book.save(content)
    return content.getvalue()


def compound(streams: list[str], nested: list[str] | None = None) -> bytes:
    """An OLE2 compound file with these streams at its root, and others in a storage below it."""
    names = ["Root Entry", *streams, *(["ObjectPool", *nested] if nested else [])]
    roots = len(streams) + (1 if nested else 0)
    entries = []
    for place, name in enumerate(names):
        raw = name.encode("utf-16-le") + b"\0\0"
        is_last = place in (0, roots, len(names) - 1)
        right = FREE if is_last else place + 1
        child = 1 if place == 0 else (roots + 1 if nested and place == roots else FREE)
        kind = 5 if place == 0 else (1 if child != FREE else 2)
        entries.append(
            raw.ljust(64, b"\0")
            + struct.pack("<HBB3I", len(raw), kind, 1, FREE, right, child)
            + bytes(36)
            + struct.pack("<IQ", END, 0)
        )
    while len(entries) % 4:
        entries.append(bytes(66) + b"\0\0" + struct.pack("<3I", FREE, FREE, FREE) + bytes(48))
    sectors = len(entries) // 4
    table = [FAT, *range(2, sectors + 1), END]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, END, 0, END, 0) + struct.pack("<109I", 0, *[FREE] * 108)
    return header + struct.pack("<128I", *table, *[FREE] * (128 - len(table))) + b"".join(entries)


SAMPLES |= {
    "plan.docx": (office(), f"{OFFICE}.wordprocessingml.document"),
    "elsewhere.docx": (office(main="word/document2.xml"), f"{OFFICE}.wordprocessingml.document"),
    "wide-types.docx": (
        office(more={"[Content_Types].xml": types().decode().replace("UTF-8", "UTF-16").encode("utf-16")}),
        f"{OFFICE}.wordprocessingml.document",
    ),
    "staff.xlsx": (workbook(), f"{OFFICE}.spreadsheetml.sheet"),
    "board.pptx": (
        office("presentationml.presentation", "ppt/presentation.xml"),
        f"{OFFICE}.presentationml.presentation",
    ),
    "plan.odt": (open_document(), f"{OPEN}.text"),
    "staff.ods": (open_document("spreadsheet"), f"{OPEN}.spreadsheet"),
    "board.odp": (open_document("presentation"), f"{OPEN}.presentation"),
    "plan.doc": (compound(["WordDocument", "1Table"]), "application/msword"),
    "with-a-sheet.doc": (compound(["WordDocument"], nested=["Workbook"]), "application/msword"),
    "staff.xls": (compound(["Workbook"]), "application/vnd.ms-excel"),
    "board.ppt": (compound(["PowerPoint Document", "Current User"]), "application/vnd.ms-powerpoint"),
    "agreed.msg": (compound(["__properties_version1.0", "__nameid_version1.0"]), "application/vnd.ms-outlook"),
}


def bomb() -> bytes:
    """A Word file of some 60 kB whose list of types would fill 60 MiB."""
    return office(more={"[Content_Types].xml": types() + b" " * (60 << 20)})


def hostile_types(entry: str, document_type: str = "") -> bytes:
    """A Word file whose macros are under another name, and whose list of types spells theirs in its own way."""
    head, _, rest = types(more=entry).decode().partition("?>")
    listed = f"{head}?>{document_type}{rest}"
    return office(more={"[Content_Types].xml": listed.encode(), "word/data.bin": b"x"})


def crowded() -> bytes:
    """A Word file with a directory of more than a mebibyte."""
    return office(more={f"word/{'x' * 60}{n}.xml": b"" for n in range(12_000)})


def override(media_type: str) -> str:
    return f'<Override PartName="/word/data.bin" ContentType="{media_type}"/>'


REFUSED = {
    "page.html": b"<!doctype html><html><script>alert(1)</script></html>",
    "page-late.html": b"\xef\xbb\xbf  \n<!-- hello --><p>hello</p>",
    "hidden.txt": b"Dear lead,\n<script>alert(1)</script>\n",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "feed.xml": b'<?xml version="1.0"?><x/>',
    "run.sh": b"#!/bin/sh\nrm -rf /\n",
    "letter.rtf": rb"{\rtf1\ansi Hello}",
    "page.ps": b"%!PS-Adobe-3.0\nshowpage\n",
    "tool.exe": b"MZ\x90\x00\x03" + bytes(200),
    "tool": b"\x7fELF\x02\x01\x01" + bytes(100),
    "film.mp4": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2" + bytes(40),
    "nul.txt": b"hello\x00world",
    "wide.txt": "hello".encode("utf-16"),
    "garbage": bytes(range(256)) * 4,
    "files.zip": archive({"minutes.pdf": PDF}),
    "empty.zip": b"PK\x05\x06" + bytes(18),
    "bomb-head.zip": b"PK\x03\x04" + bytes(1 << 20),
    "macros.docm": office(more={"word/vbaProject.bin": b"x"}),
    "macros-in-types.docx": office("wordprocessingml.document.macroEnabled"),
    "renamed-macros.docx": hostile_types(override("application/vnd.ms-office.vbaProject")),
    "coded-macros.docx": hostile_types(override("application/vnd.ms-office.vba&#80;r&#x6f;ject")),
    "shouted-macros.docx": hostile_types(override("APPLICATION/VND.MS-OFFICE.VBAPROJECT")),
    "default-macros.docx": hostile_types(
        '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaPr&#111;ject"/>'
    ),
    "entity-macros.docx": hostile_types(
        override("application/vnd.ms-office.&v;"), '<!DOCTYPE Types [<!ENTITY v "vbaProject">]>'
    ),
    "laughs.docx": hostile_types(
        override("&c;"),
        '<!DOCTYPE Types [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
    ),
    "outside.docx": hostile_types("", '<!DOCTYPE Types SYSTEM "file:///etc/passwd">'),
    "wide-macros.docx": office(
        more={
            "[Content_Types].xml": types(more=override("application/vnd.ms-office.vbaProject"))
            .decode()
            .replace("UTF-8", "UTF-16")
            .encode("utf-16")
        }
    ),
    "related-macros.docx": office(
        more={"word/_rels/document.xml.rels": relationships("data.bin", VBA), "word/data.bin": b"x"}
    ),
    "coded-relation.docx": office(
        more={"word/_rels/document.xml.rels": relationships("data.bin", VBA.replace("vba", "v&#98;a"))}
    ),
    "macro-sheet.xlsx": office(
        "spreadsheetml.sheet",
        "xl/workbook.xml",
        {
            "xl/_rels/workbook.xml.rels": relationships(
                "s1.xml", "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet"
            )
        },
    ),
    "coded-main.docx": office("wordprocessingml.document.macr&#111;Enabled"),
    "two-lists.docx": office(more={"[content_types].xml": types()}),
    "other-slashes.docx": office(more={"word\\vbaProject.bin": b"x"}),
    "no-start.docx": office(more={"_rels/.rels": b"<Relationships/>"}),
    "two-starts.docx": office(
        more={
            "_rels/.rels": relationships("word/document.xml").replace(
                b"/></R", b"/><Relationship Id='r2' Type='x/officeDocument' Target='b'/></R"
            )
        }
    ),
    "broken-types.docx": office(more={"[Content_Types].xml": types()[:-3]}),
    "broken-relation.docx": office(more={"word/_rels/document.xml.rels": b"<Relationships>"}),
    "much-xml.docx": office(more={f"word/_rels/{n}.rels": b"<R>" + b"<a/>" * 100_000 + b"</R>" for n in range(8)}),
    "old-macros.xlsx": office("spreadsheetml.sheet", "xl/workbook.xml", {"xl/macrosheets/sheet1.xml": b"x"}),
    "macros.odt": open_document(more={"Basic/Standard/Module1.xml": b"x"}),
    "two-in-one.docx": office(more={"xl/workbook.xml": b"<x/>"}),
    "half.docx": office()[:-30],
    # The first byte of the list of types, after the 30 of its header and the 19 of its name.
    "damaged.docx": office()[:49] + b"\x00" + office()[50:],
    "packed-otherwise.docx": office(packing=zipfile.ZIP_LZMA),
    "bomb.docx": bomb(),
    "crowded.docx": crowded(),
    "macros.doc": compound(["WordDocument", "Macros", "VBA"]),
    "nested-macros.xls": compound(["Workbook"], nested=["_VBA_PROJECT_CUR"]),
    "installer.msi": compound(["\u4840\u3f3f", "\x05SummaryInformation"]),
    "locked.docx": compound(["EncryptedPackage", "EncryptionInfo"]),
    "half.doc": compound(["WordDocument"])[:1100],
}
