"""Checking what somebody holds in their hand: open to everyone, and exact about what does not match."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from app.services.credentials import TYPE, read_credential
from app.storage.key_files import KeyFiles, sign
from tests.support import statements
from tests.support.service import Service
from tests.support.statements import REGION, ROLES, sign_all

Stages = tuple[Service, dict[str, dict[str, Any]]]
VERIFY = "/v1/statements/verify"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def stages(
    request: pytest.FixtureRequest, shared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stages]:
    """LWI's statement is issued; nothing may change here."""
    data = tmp_path_factory.mktemp("verification")
    with statements.every_stage(request.param, shared_home, data) as found:
        yield found


def credential_of(service: Service, statement: dict[str, Any]) -> str:
    answer = service.get(f"/v1/statements/{statement['id']}/credential", by="national")
    assert answer.status_code == 200, answer.text
    return answer.text


def checked(service: Service, credential: str) -> dict[str, Any]:
    answer = service.post(VERIFY, {"credential": credential}, by=None)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def parts_of(found: dict[str, Any]) -> list[str]:
    assert found["valid"] is False
    assert found["in_effect"] is False
    return [one["part"] for one in found["mismatches"]]


def encoded(content: Any) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_credential_verifies_and_says_by_which_key_and_what_became_of_it(stages: Stages):
    service, found = stages
    issued = found["LWI"]
    with service.unchanged():
        answer = checked(service, credential_of(service, issued))
    kid = service.get("/.well-known/jwks.json", by=None).json()["keys"][0]["kid"]
    expected = {"valid": True, "in_effect": True, "detail": "Valid and in force.", "mismatches": [], "kid": kid}
    expected |= {name: issued[name] for name in ("serial", "prison", "digest", "status", "standing", "issued_at")}
    expected |= dict.fromkeys(("go_live_date", "attested_go_live_date"), "2026-12-01")
    expected |= dict.fromkeys(("live_on", "service_ended_on", "superseded_by", "withdrawn_at"))
    assert answer == expected | {"breached_sections": []}


def test_the_serial_and_digest_on_the_paper_verify_by_post_and_by_the_scanned_address(stages: Stages):
    service, found = stages
    pair = {"serial": found["LWI"]["serial"], "digest": found["LWI"]["digest"]}
    posted = service.post(VERIFY, pair, by=None)
    scanned = service.get(VERIFY, by=None, params=pair)
    assert posted.json() == scanned.json() == checked(service, credential_of(service, found["LWI"]))
    again = service.get(VERIFY, by=None, params=pair, headers={"if-none-match": scanned.headers["etag"]})
    assert again.status_code == 304


def test_another_digest_or_serial_is_told(stages: Stages):
    service, found = stages
    serial, digest = found["LWI"]["serial"], found["LWI"]["digest"]
    wrong = service.post(VERIFY, {"serial": serial, "digest": "0" * 64}, by=None).json()
    assert parts_of(wrong) == ["digest"]
    # Serials can be guessed: whoever holds another digest is not given the right one.
    assert digest not in str(wrong)
    assert (wrong["serial"], wrong["prison"], wrong["issued_at"]) == (None, None, None)
    unknown = service.get(VERIFY, by=None, params={"serial": "SOR-LWI-2026-009", "digest": digest}).json()
    assert (parts_of(unknown), unknown["prison"]) == (["serial"], None)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"serial": "SOR-LWI-2026-001"},
        {"digest": "0" * 64},
        {"serial": "SOR-LWI-2026-001", "digest": "short"},
        {"serial": "sor lwi", "digest": "0" * 64},
        {"credential": "a.b.c", "serial": "SOR-LWI-2026-001", "digest": "0" * 64},
        {"credential": 5},
        {"credential": "a.b.c", "key": "x"},
        {"credential": None},
    ],
)
def test_a_request_to_verify_gives_one_of_the_two_forms(stages: Stages, body):
    service, _ = stages
    answer = service.post(VERIFY, body, by=None)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-input")


@pytest.mark.parametrize("query", ["", "?serial=SOR-LWI-2026-001", "?serial=x&digest=" + "0" * 64])
def test_a_scanned_address_gives_both_serial_and_digest(stages: Stages, query: str):
    service, _ = stages
    assert service.get(VERIFY + query, by=None).status_code == 422


def test_the_credential_holds_the_payload_and_every_signature(stages: Stages):
    service, found = stages
    issued = found["LWI"]
    header, payload, _ = credential_of(service, issued).split(".")
    assert decoded(header).keys() == {"alg", "typ", "kid"}
    content = decoded(payload)
    attested = service.get(f"/v1/statements/{issued['id']}/payload", by="national").json()
    assert content["statement"] == attested
    assert (content["serial"], content["digest"], content["issued_at"]) == (
        issued["serial"],
        issued["digest"],
        issued["issued_at"],
    )
    names = ("role", "title", "name", "signed_as", "signed_at")
    assert content["signatures"] == [{name: one[name] for name in names} for one in issued["signatories"]]
    assert "email" not in json.dumps(content["signatures"])


def test_breach_withdrawal_and_succession_are_told_of_an_honest_credential(service: Service):
    first = statements.issued(service)
    credential = credential_of(service, first)
    statements.downgrade(service)
    told = checked(service, credential)
    assert (told["valid"], told["in_effect"], told["standing"], told["breached_sections"]) == (
        True,
        True,
        "in_breach",
        [5],
    )
    assert told["detail"] == "Valid, but in breach: section 5 is below its minimum now."
    statements.recover(service)
    statements.go_live(service, first)
    assert checked(service, credential)["live_on"] == "2026-03-02"

    second = sign_all(service, statements.raise_statement(service))
    told = checked(service, credential)
    assert (told["valid"], told["in_effect"], told["status"]) == (True, False, "superseded")
    assert told["superseded_by"] == second["serial"] == "SOR-LWI-2026-002"
    assert told["detail"] == "Valid as issued, but superseded since then by SOR-LWI-2026-002."

    service.clock.set("2026-04-01T12:00:00Z")
    statements.withdraw(service, second)
    for told in (
        checked(service, credential_of(service, second)),
        service.post(VERIFY, {"serial": second["serial"], "digest": second["digest"]}, by=None).json(),
    ):
        assert (told["valid"], told["in_effect"], told["status"]) == (True, False, "withdrawn")
        assert told["withdrawn_at"] == "2026-04-01T12:00:00Z"
        assert told["detail"] == "Valid as issued, but withdrawn since then, on 2026-04-01."


# What does not match


def flips(text: str) -> list[int]:
    """Each 97th place and all of the last ten."""
    return sorted({*range(0, len(text), 97), *range(len(text) - 10, len(text))})


def flipped(text: str, place: int) -> str:
    """Another letter of the alphabet of credentials in that place; another separator where there is a dot."""
    other = "-" if text[place] == "." else "A" if text[place] != "A" else "B"
    return text[:place] + other + text[place + 1 :]


def test_a_flipped_byte_anywhere_is_invalid_and_its_part_is_named(stages: Stages):
    service, found = stages
    text = credential_of(service, found["LWI"])
    header_end, payload_end = text.index("."), text.rindex(".")
    with service.unchanged():
        for place in flips(text):
            told = parts_of(checked(service, flipped(text, place)))
            if place in (header_end, payload_end):
                assert told == ["credential"]
            elif place < header_end:
                assert "header" in told, place
            elif place < payload_end:
                assert "payload" in told, place
            else:
                assert told == ["signature"], place


@pytest.mark.parametrize("place", [0, -1])
@pytest.mark.parametrize("byte", ["\0", " ", "é", ".", "=", "\n", "\U0001f512"])
def test_a_byte_that_no_credential_has_is_told_too(stages: Stages, place: int, byte: str):
    service, found = stages
    text = credential_of(service, found["LWI"])
    changed = byte + text[1:] if place == 0 else text[:-1] + byte
    assert parts_of(checked(service, changed))


def test_only_the_exact_spelling_of_the_signature_passes(stages: Stages):
    """64 bytes leave four bits of the last letter unused: sixteen spellings decode to the same signature."""
    service, found = stages
    text = credential_of(service, found["LWI"])
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same = alphabet.index(text[-1]) // 16 * 16
    for letter in alphabet[same : same + 16]:
        if letter != text[-1]:
            assert parts_of(checked(service, text[:-1] + letter)) == ["signature"]
    for tail in ("=", "==", "A", "AAAA"):
        assert "signature" in parts_of(checked(service, text + tail))


def changed_content(text: str, *steps: str | int, to: Any) -> str:
    """The credential with one value of its content changed, its signature as it was."""
    header, payload, signature = text.split(".")
    content = decoded(payload)
    place = content
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = to
    return f"{header}.{encoded(content)}.{signature}"


@pytest.mark.parametrize(
    ("steps", "to", "pointer", "further"),
    [
        (("statement", "sections", 4, "rating"), "RED", "/statement/sections/4/rating", ["digest"]),
        (("statement", "go_live_date"), "2026-12-02", "/statement/go_live_date", ["digest"]),
        (("signatures", 0, "name"), "Somebody else", "/signatures/0/name", []),
        (("digest",), "0" * 64, "/digest", ["digest"]),
        (("signatures",), [], "/signatures", []),
    ],
)
def test_a_changed_value_is_named_by_its_pointer(stages: Stages, steps, to, pointer, further):
    service, found = stages
    told = checked(service, changed_content(credential_of(service, found["LWI"]), *steps, to=to))
    assert parts_of(told) == ["signature", *further, "payload"]
    detail = next(one["detail"] for one in told["mismatches"] if one["part"] == "payload")
    assert detail.startswith(f"changed since issue: {pointer}")


def test_a_changed_serial_is_not_known(stages: Stages):
    service, found = stages
    told = checked(service, changed_content(credential_of(service, found["LWI"]), "serial", to="SOR-LWI-2026-777"))
    assert parts_of(told) == ["signature", "serial"]


def resigned(text: str, key: OKPKey, kind: str = TYPE, **header: Any) -> str:
    """The same content, honestly signed with another key, and its header changed afterwards."""
    payload = text.split(".")[1]
    made = sign(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), key, kind)
    if not header:
        return made
    first, *rest = made.split(".")
    return ".".join([encoded(decoded(first) | header), *rest])


def test_another_key_does_not_pass_even_under_our_keys_name(stages: Stages):
    service, found = stages
    text = credential_of(service, found["LWI"])
    other = OKPKey.generate_key("Ed25519", auto_kid=True)
    ours = decoded(text.split(".")[0])["kid"]
    assert parts_of(checked(service, resigned(text, other))) == ["key", "header", "signature"]
    assert parts_of(checked(service, resigned(text, other, kid=ours))) == ["signature"]
    embedded = {"jwk": other.as_dict(private=False), "kid": ours}
    assert "signature" in parts_of(checked(service, resigned(text, other, **embedded)))


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "EdDSA", "", None])
def test_no_other_algorithm_passes(stages: Stages, algorithm: str | None):
    """`none` needs no key at all, and HS256 would take our public key for a shared secret."""
    service, found = stages
    text = credential_of(service, found["LWI"])
    header, payload, _ = text.split(".")
    public = service.get("/.well-known/jwks.json", by=None).json()["keys"][0]
    forged = f"{encoded(decoded(header) | {'alg': algorithm})}.{payload}"
    secret = base64.urlsafe_b64decode(public["x"] + "=")
    digest = hmac.digest(secret, forged.encode(), hashlib.sha256)
    for signature in ("", encoded(digest), text.split(".")[2]):
        told = parts_of(checked(service, f"{forged}.{signature}"))
        assert told[:2] == ["header", "signature"]


def test_what_else_our_key_has_signed_is_not_a_statement(stages: Stages):
    """An audit checkpoint is sealed by the same key; its type keeps it apart."""
    service, found = stages
    text = credential_of(service, found["LWI"])
    key = KeyFiles(service.settings.signing_keys_dir).read(decoded(text.split(".")[0])["kid"])
    checkpoint = resigned(text, key, kind="idts-audit-checkpoint+jws")
    assert parts_of(checked(service, checkpoint)) == ["header", "signature"]
    keys = service.get("/.well-known/jwks.json", by=None).json()["keys"]
    assert [one.part for one in read_credential(checkpoint, keys).mismatches] == ["header"]
    assert checked(service, resigned(text, key))["valid"] is True


NESTED = b'{"a":' * 90_000
HEADER = {"alg": "Ed25519", "typ": TYPE, "kid": "x"}


@pytest.mark.parametrize(
    ("header", "payload"),
    [
        (HEADER, b""),
        (HEADER, b"[]"),
        (b"null", {}),
        (HEADER, NESTED),
        (NESTED, {}),
        (HEADER, b'{"statement":' + b"[" * 700 + b"]" * 700 + b"}"),
        (HEADER, {"serial": "a\0b"}),
        (HEADER, {"serial": "\ud800", "digest": "\ud800", "statement": {}}),
        (HEADER | {"kid": "\ud800"}, {"serial": ["x"]}),
        (HEADER | {"kid": ["x"]}, {"serial": 5}),
        (HEADER | {"kid": "k" * 50_000}, {"serial": "S" * 50_000}),
        (HEADER, b'{"statement":NaN}'),
        (HEADER, {"statement": 10**400}),
        (HEADER, {"statement": "\ud800"}),
        (HEADER | {"crit": ["b64"], "b64": False}, {}),
    ],
    ids=range(15),
)
def test_whatever_is_sent_as_a_credential_is_told_to_be_invalid(stages: Stages, header, payload):
    service, _ = stages
    told = checked(service, f"{encoded(header)}.{encoded(payload)}.AA")
    assert parts_of(told)
    assert len(json.dumps(told)) < 2000


@pytest.mark.parametrize("text", ["", ".", "..", "...", "a", "a.b.c.d"])
def test_what_has_not_three_parts_or_none_in_them_is_told_to_be_invalid(stages: Stages, text: str):
    service, _ = stages
    assert parts_of(checked(service, text))


# The keys


def test_the_key_set_holds_public_halves_alone(stages: Stages):
    service, _ = stages
    answer = service.get("/.well-known/jwks.json", by=None)
    (key,) = answer.json()["keys"]
    assert key.keys() == {"kty", "crv", "x", "kid", "use", "alg"}
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("OKP", "Ed25519", "sig", "Ed25519")
    again = service.get("/.well-known/jwks.json", by=None, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def key_files(service: Service) -> list[Path]:
    return sorted(service.settings.signing_keys_dir.glob("*.json"))


def test_private_keys_are_files_that_only_the_service_reads(service: Service):
    statements.make_signing_key(service)
    (file,) = key_files(service)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("harm", ["gone", "cut short", "another key"])
def test_without_its_key_nothing_is_issued_and_the_last_signature_is_not_stored(service: Service, harm: str):
    found = sign_all(service, statements.raised(service), ROLES[:6])
    (file,) = key_files(service)
    whole = file.read_text()
    if harm == "gone":
        file.unlink()
    elif harm == "cut short":
        file.write_text(whole[:40])
    else:
        file.write_text(json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=True)))
    statements.make_signatory_keys(service)
    with service.unchanged():
        answer = statements.sign(service, found, ROLES[6], headers={"idempotency-key": "last"})
    assert (answer.status_code, answer.json()["code"]) == (503, "signing-key-unavailable")
    assert "retry-after" in answer.headers
    assert statements.read(service, found) == found

    file.write_text(whole)
    answer = statements.sign(service, found, ROLES[6], headers={"idempotency-key": "last"})
    assert (answer.status_code, answer.json()["serial"]) == (200, "SOR-LWI-2026-001")
    assert checked(service, credential_of(service, answer.json()))["valid"] is True


def test_a_service_without_any_signing_key_says_how_to_make_one(service: Service):
    statements.make_eligible(service)
    found = sign_all(service, statements.raise_statement(service), ROLES[:6])
    statements.make_signatory_keys(service)
    with service.unchanged():
        answer = statements.sign(service, found, ROLES[6])
    assert (answer.status_code, answer.json()["code"]) == (503, "signing-key-unavailable")
    assert "idts signing-keys rotate" in answer.json()["detail"]


def test_after_a_rotation_old_credentials_verify_and_new_ones_bear_the_new_key(service: Service):
    first = statements.issued(service)
    old = credential_of(service, first)
    statements.rotate_signing_key(service)
    second = statements.issued(service, "MSI")
    new = credential_of(service, second)
    kids = [one["kid"] for one in service.get("/.well-known/jwks.json", by=None).json()["keys"]]
    assert [decoded(one.split(".")[0])["kid"] for one in (new, old)] == kids
    assert len(set(kids)) == 2
    for text, kid in ((old, kids[1]), (new, kids[0])):
        told = checked(service, text)
        assert (told["valid"], told["kid"]) == (True, kid)
    # Nothing more is needed of a retired key than its public half.
    (service.settings.signing_keys_dir / f"{kids[1]}.json").unlink()
    assert checked(service, old)["valid"] is True
    assert service.post(f"/v1/statements/{first['id']}/withdraw", {"reason": "x"}, by=REGION).status_code == 200
