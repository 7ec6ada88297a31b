"""Uploads that are wrong, hostile, repeated or at once: what is refused leaves nothing behind."""

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from app.models import Evidence, EvidenceFile
from app.settings import MEBIBYTE
from tests.support import evidence_files as files
from tests.support.evidence_checks import EVIDENCE, assert_store_matches_rows, stored_keys, upload
from tests.support.service import Service


@pytest.fixture(autouse=True)
def every_object_has_its_row(service: Service) -> Iterator[None]:
    yield
    service.settings.data_dir.mkdir(exist_ok=True)
    assert_store_matches_rows(service)


def multipart(*parts: bytes, boundary: bytes = b"x") -> dict[str, Any]:
    """A request with the parts as they are, headers and all."""
    content = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"
    return {"content": content, "headers": {"content-type": f"multipart/form-data; boundary={boundary.decode()}"}}


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"'
    disposition += f'; filename="{filename}"' if filename is not None else ""
    return disposition.encode() + b"\r\n\r\n" + content


def test_a_path_in_the_name_is_dropped(service: Service):
    item = upload(service, files.PDF, "../../../../tmp/evil/../owned.pdf").json()
    assert item["file_name"] == "owned.pdf"
    (key,) = stored_keys(service)
    assert "owned" not in key
    assert not list(service.settings.data_dir.parent.rglob("owned*"))
    raw = multipart(part("title", b"t"), part("file", files.PDF, "C:\\Users\\x\\..\\minutes.pdf"))
    assert service.call("POST", EVIDENCE, **raw).json()["file_name"] == "minutes.pdf"


@pytest.mark.parametrize(("name", "declared"), [("run.exe", "application/x-msdownload"), ("page.html", "text/html")])
def test_a_lie_about_the_type_changes_nothing(service: Service, name: str, declared: str):
    item = upload(service, files.PDF, name, declared=declared).json()
    assert (item["media_type"], item["file_name"]) == ("application/pdf", f"{name}.pdf")
    assert service.get(f"/v1/prisons/LWI/evidence/{item['id']}/content").headers["content-type"] == "application/pdf"


@pytest.mark.parametrize("name", files.REFUSED)
def test_a_file_of_another_kind_is_refused_whatever_it_is_called(service: Service, name: str):
    with service.unchanged():
        answer = upload(service, files.REFUSED[name], "minutes.pdf", declared="application/pdf")
    assert (answer.status_code, answer.json()["code"]) == (415, "file-type-not-accepted")
    assert "PDF, Word, Excel" in answer.json()["detail"]
    assert stored_keys(service) == set()


@pytest.mark.parametrize("over", [1, MEBIBYTE])
def test_a_file_over_the_limit_is_refused_in_words(service: Service, over: int):
    content = files.PDF + bytes(25 * MEBIBYTE + over - len(files.PDF))
    with service.unchanged():
        answer = upload(service, content)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert "25 MiB" in answer.json()["detail"]
    assert stored_keys(service) == set()


def test_a_file_of_exactly_the_limit_is_taken(service: Service):
    content = files.PDF + bytes(25 * MEBIBYTE - len(files.PDF))
    body = multipart(part("title", b"Scans"), part("file", content, "scans.pdf"))
    size, pieces = len(body["content"]), body["content"]

    def sent() -> Iterator[bytes]:
        for start in range(0, size, 65536):
            yield pieces[start : start + 65536]

    answer = service.call("POST", EVIDENCE, content=sent(), headers=body["headers"])
    assert answer.status_code == 201, answer.text
    assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()
    assert service.get(f"{answer.headers['location']}/content").content == content


def test_the_same_content_is_stored_once(service: Service):
    first = upload(service, files.PDF, "a.pdf").json()
    second = upload(service, files.PDF, "b.pdf", number=6).json()
    third = upload(service, files.PNG, "c.png").json()
    assert first["sha256"] == second["sha256"] != third["sha256"]
    assert (first["file_name"], second["file_name"]) == ("a.pdf", "b.pdf")
    assert len(stored_keys(service)) == 2
    for item, content in ((first, files.PDF), (second, files.PDF), (third, files.PNG)):
        assert service.get(f"/v1/prisons/LWI/evidence/{item['id']}/content").content == content


def test_the_same_content_sent_at_once_is_stored_once(service: Service):
    content = files.PDF + bytes(MEBIBYTE)
    together = threading.Barrier(6)
    for code in ("LWI", "BXI"):
        service.key(f"prison:{code}")

    def send(place: int) -> int:
        code = ("LWI", "BXI")[place % 2]
        together.wait()
        path = f"/v1/prisons/{code}/sections/{place + 1}/evidence"
        status: int = upload(service, content, path=path, by=f"prison:{code}").status_code
        return status

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(send, range(6))) == [201] * 6
    assert len(stored_keys(service)) == 1
    with service.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(EvidenceFile)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(Evidence)) == 6


def test_a_repeat_with_the_same_idempotency_key_is_the_first_answer(service: Service):
    key = {"Idempotency-Key": "upload-1"}
    first = upload(service, files.PDF, headers=key)
    with service.unchanged():
        again = upload(service, files.PDF, headers=key)
        other = upload(service, files.PNG, headers=key)
        retitled = upload(service, files.PDF, headers=key, fields={"title": "Another"})
    assert (again.status_code, again.content, again.headers["location"]) == (
        201,
        first.content,
        first.headers["location"],
    )
    assert again.headers["idempotency-replayed"] == "true"
    for answer in (other, retitled):
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert len(stored_keys(service)) == 1


TITLE, FILE = part("title", b"Minutes"), part("file", files.PDF, "m.pdf")


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ([FILE], "/title"),
        ([part("title", b"  "), FILE], "/title"),
        ([part("title", b"x" * 301), FILE], "/title"),
        ([part("title", b"a\x00b"), FILE], "/title"),
        ([part("title", b"\xff"), FILE], "/title"),
        ([part("title", b"x" * 20_000), FILE], "/title"),
        ([TITLE, TITLE, FILE], "/title"),
        ([TITLE], "/file"),
        ([TITLE, FILE, FILE], "/file"),
        ([TITLE, part("file", b"", "m.pdf")], "/file"),
        ([TITLE, part("file", b"\xef\xbb\xbf \r\n\t \n", "m.txt")], "/file"),
        ([TITLE, part("kind", b"note"), FILE], "/file"),
        ([TITLE, part("kind", b"PURPLE"), FILE], "/kind"),
        ([TITLE, part("effective_on", b"2026-02-30"), FILE], "/effective_on"),
        ([TITLE, part("effective_on", b"20260201"), FILE], "/effective_on"),
        ([TITLE, part("effective_on", b"2026-03-03"), FILE], "/effective_on"),
        ([TITLE, part("sections", b"6,36"), FILE], "/sections/1"),
        ([TITLE, part("sections", b"six"), FILE], "/sections/0"),
        ([TITLE, part("sections", b"6," * 36), FILE], "/sections"),
        ([TITLE, part("rating", b"GREEN"), FILE], "/rating"),
    ],
)
def test_fields_at_fault_are_named(service: Service, parts: list[bytes], pointer: str):
    with service.unchanged():
        answer = service.call("POST", EVIDENCE, **multipart(*parts))
    assert answer.status_code == 422, answer.text
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"kind": "link"}, "link-without-address", "/reference"),
        ({"kind": "link", "reference": "javascript:alert(1)"}, "link-without-address", "/reference"),
        ({"kind": "link", "reference": "the shared drive"}, "link-without-address", "/reference"),
        ({"kind": "link", "reference": "https://"}, "link-without-address", "/reference"),
        ({"kind": "link", "reference": "see https://example.org"}, "link-without-address", "/reference"),
        ({"kind": "document"}, "document-without-place", "/reference"),
        ({"kind": "document", "reference": "  "}, "document-without-place", "/reference"),
        ({"kind": "note"}, "note-says-too-little", "/text"),
        ({"kind": "note", "text": "x"}, "note-says-too-little", "/text"),
        ({"kind": "note", "text": f"x{' ' * 40}"}, "note-says-too-little", "/text"),
        ({"kind": "note", "reference": "IDTS/5/1", "text": "Nineteen characters"}, "note-says-too-little", "/text"),
        *(
            ({"kind": "note", "text": text}, "note-says-too-little", "/text")
            for text in (
                "\u200b" * 30,
                "\u3164" * 30,
                f"a{' ' * 30}b",
                "Seen. " + "." * 30,
                "Nineteen\u200b characters",
            )
        ),
        *(
            ({"kind": "link", "reference": address}, "link-without-address", "/reference")
            for address in (
                *("https://.", "https://@", "http://:80", "http://[::1", "http://%20", "http://a b", "https://-.-"),
                *("https://\u3164.\u3164", "http://plan", "http://example.org:port", "ftp://example.org"),
            )
        ),
        *(
            ({"kind": "document", "reference": reference}, "document-without-place", "/reference")
            for reference in (".", "-", "n/a", "N.A.", "None", "tbc", "x", "\u3164\u3164")
        ),
    ],
)
def test_what_nobody_could_look_at_is_no_evidence(untouched: Service, fields: dict[str, str], code: str, pointer: str):
    """As JSON, and as a form where it can be sent as one."""
    answers = [untouched.post(EVIDENCE, {"title": "Minutes", **fields})]
    if fields["kind"] != "document":
        form = [part(name, text.encode()) for name, text in fields.items()]
        answers.append(untouched.call("POST", EVIDENCE, **multipart(TITLE, *form)))
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
        assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, code)]


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "document", "reference": "IDTS/5/1"},
        {"kind": "link", "reference": "http://example.org"},
        {"kind": "link", "reference": "HTTPS://example.org/plan"},
        *(
            {"kind": "link", "reference": reference}
            for reference in (
                "http://localhost/plan",
                "http://10.1.2.3:8080",
                "https://[::1]/",
                "https://b\u00fccher.example",
            )
        ),
        {"kind": "note", "text": "  Twenty characters, no"},
        {"kind": "note", "text": "x" * 20},
    ],
)
def test_evidence_of_substance_needs_no_file(service: Service, item: dict[str, str]):
    answer = service.post(EVIDENCE, {"title": "Minutes", **item})
    assert answer.status_code == 201, answer.text
    assert answer.json()["text"] == item.get("text")


@pytest.mark.parametrize(
    "raw",
    [
        {"content": b"", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"--x--\r\n", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"hello", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"--x--\r\n", "headers": {"content-type": f"multipart/form-data; boundary={'x' * 500}"}},
        multipart(b"Content-Disposition: form-data\r\n\r\nno name"),
        multipart(b"Content-Disposition: attachment; name=title\r\n\r\nno form-data"),
        multipart(b"no headers"),
        multipart(b"X: " + b"y" * 100_000 + b"\r\n\r\n"),
        multipart(*[part("sections", b"6")] * 61),
        multipart(TITLE, FILE, boundary=b"y") | {"headers": {"content-type": "multipart/form-data; boundary=x"}},
    ],
)
def test_what_is_no_multipart_is_refused(service: Service, raw: dict[str, Any]):
    with service.unchanged():
        answer = service.call("POST", EVIDENCE, **raw)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-multipart")


@pytest.mark.parametrize("tenth", range(10))
def test_a_multipart_body_without_its_end_is_refused(service: Service, tenth: int):
    whole = multipart(TITLE, part("file", files.PDF + bytes(300_000), "m.pdf"))
    cut = whole | {"content": whole["content"][: len(whole["content"]) * tenth // 10]}
    with service.unchanged():
        answer = service.call("POST", EVIDENCE, **cut)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed-multipart")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 422, "malformed-json"),
        (b"[]", 422, "invalid-input"),
        (b'{"kind": "note"}', 422, "invalid-input"),
        (b'{"kind": "note", "title": "t", "sections": ["6"]}', 422, "invalid-input"),
        (b'{"kind": "note", "title": "t", "sha256": "x"}', 422, "invalid-input"),
        (b'{"kind": "note", "title": "t"' + b" " * 2 * MEBIBYTE + b"}", 413, "body-too-large"),
    ],
)
def test_json_at_fault_is_refused(service: Service, body: bytes, status: int, code: str):
    with service.unchanged():
        answer = service.call("POST", EVIDENCE, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_another_media_type_is_refused(service: Service):
    answer = service.call("POST", EVIDENCE, content=files.PDF, headers={"content-type": "application/pdf"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    assert "multipart/form-data" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "by", "status"),
    [
        (EVIDENCE, None, 401),
        (EVIDENCE, "prison:BXI", 403),
        ("/v1/prisons/LWI/sections/36/evidence", "prison:LWI", 404),
        ("/v1/prisons/QQQ/sections/5/evidence", "prison:LWI", 404),
    ],
)
def test_who_may_not_add_is_told_before_a_byte_is_read(service: Service, path: str, by: str | None, status: int):
    taken = []

    def body() -> Iterator[bytes]:
        taken.append(True)
        yield b"not multipart"

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = service.call("POST", path, by, content=body(), headers=headers)
    assert answer.status_code == status
    assert answer.json()["code"] != "malformed-multipart"


TRAP = "CREATE TABLE trap (prison BIGINT REFERENCES prison(id) DEFERRABLE INITIALLY DEFERRED)"
SPRING = {
    "sqlite": ("CREATE TRIGGER spring AFTER INSERT ON evidence BEGIN INSERT INTO trap VALUES (-1); END",),
    "postgresql": (
        "CREATE FUNCTION spring() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO trap VALUES (-1); RETURN NULL; END $$",
        "CREATE TRIGGER spring AFTER INSERT ON evidence EXECUTE FUNCTION spring()",
    ),
}


def test_a_failed_commit_takes_the_stored_file_away_again(service: Service, database_kind: str):
    """The database accepts every statement and then refuses the commit, by a foreign key that is checked late."""
    with service.database.write_engine.connect() as connection:
        for statement in (TRAP, *SPRING[database_kind]):
            connection.exec_driver_sql(statement)
        connection.commit()
    with service.unchanged():
        assert upload(service, files.PDF).status_code == 500
    assert stored_keys(service) == set()
    assert list((service.settings.data_dir / "evidence").glob("*/*")) == []
