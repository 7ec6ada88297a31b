"""Names of uploaded files as people see them, and the header under which they are saved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents.evidence.media_types import EXTENSIONS
from app.documents.file_names import attachment, display_name


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("minutes.pdf", "minutes.pdf"),
        ("MINUTES.PDF", "MINUTES.PDF"),
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\windows\\system.ini", "system.ini.pdf"),
        ("C:\\Users\\lead\\minutes.pdf", "minutes.pdf"),
        ("/etc/", "document.pdf"),
        ("..", "document.pdf"),
        (".pdf", "pdf.pdf"),
        ("", "document.pdf"),
        (None, "document.pdf"),
        ("minutes.pdf.exe", "minutes.pdf.exe.pdf"),
        ("inv\u202efdp.exe", "invfdp.exe.pdf"),
        ("a\x00b\r\nSet-Cookie: x.pdf", "abSet-Cookie_ x.pdf"),
        ('say "yes".pdf', "say _yes_.pdf"),
        ("Protokoll für März.pdf", "Protokoll für März.pdf"),
        ("x" * 400 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_a_name_is_made_fit_to_show(given_name: str | None, shown: str):
    assert display_name(given_name, "application/pdf") == shown


@given(st.text(max_size=300), st.sampled_from(sorted(EXTENSIONS)))
def test_no_name_escapes(given_name: str, media_type: str):
    shown = display_name(given_name, media_type)
    assert shown.isprintable()
    assert 1 < len(shown) <= 200
    assert not set(shown) & set('/\\<>:"|?*')
    assert not shown.startswith(".")
    assert shown.lower().endswith(EXTENSIONS[media_type])
    header = attachment(shown)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2


def test_the_header_carries_the_name_for_new_and_for_old_clients():
    wanted = "attachment; filename=\"Protokoll fur Marz.pdf\"; filename*=UTF-8''Protokoll%20f%C3%BCr%20M%C3%A4rz.pdf"
    assert attachment("Protokoll für März.pdf") == wanted
    assert attachment("会議.pdf").startswith('attachment; filename="document.pdf"; filename*=UTF-8')
