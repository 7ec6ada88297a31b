"""Tokens of an identity provider, taken beside API keys where one is configured."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from pydantic import ValidationError

from tests.support.service import Service, running, service_settings

ISSUER, AUDIENCE = "https://identity.example/realms/prisons", "idts"
KEY = ECKey.generate_key("P-256", auto_kid=True)
STRANGER = ECKey.generate_key("P-256", auto_kid=True)


@pytest.fixture
def provided(database_url: str, tmp_path: Path) -> Iterator[Service]:
    keys = tmp_path / "provider.json"
    keys.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    more: dict[str, Any] = {"jwt_keys": keys, "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}
    with running(service_settings(database_url, data_dir=tmp_path, **more)) as found:
        yield found


def token(key: ECKey = KEY, **claims: Any) -> str:
    told = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u-17", "name": "Ada Lead", "exp": int(time.time()) + 300}
    told |= {"idts_role": "prison", "idts_prison": "lwi"} | claims
    content = json.dumps({name: value for name, value in told.items() if value is not None})
    return jws.serialize_compact({"alg": "ES256", "kid": key.kid}, content, key)


def test_a_token_acts_in_its_role_and_scope_and_its_name_is_in_the_history(provided):
    written = provided.patch("/v1/prisons/LWI/sections/1", {"rating": "AMBER"}, by=token())
    assert written.status_code == 200, written.text
    assert written.json()["updated_by"] == "Ada Lead"
    assert provided.patch("/v1/prisons/MSI/sections/1", {"rating": "AMBER"}, by=token()).status_code == 403
    assert provided.post("/v1/prisons", {}, by=token()).status_code in (403, 422)


def test_the_verdict_reads_the_same_by_token_and_by_key(provided):
    provided.patch("/v1/prisons/LWI/sections/1", {"rating": "AMBER"}, by=token())
    by_key, by_token = (provided.get("/v1/prisons/LWI/readiness", by=by) for by in ("prison:LWI", token()))
    assert by_token.content == by_key.content
    assert by_token.headers["etag"] == by_key.headers["etag"]


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 300},
        {"exp": None},
        {"iss": "https://elsewhere.example"},
        {"aud": "another-service"},
        {"idts_role": "warden"},
        {"idts_role": None},
        {"idts_prison": None},
        {"idts_region": "london"},
        {"idts_role": "region", "idts_prison": None, "idts_region": "atlantis"},
        {"idts_prison": 7},
    ],
)
@pytest.mark.parametrize("path", ["/v1/prisons/LWI/readiness", "/v1/prisons/LWI/sections"])
def test_a_token_that_is_not_sound_is_no_token(provided, path, claims):
    answer = provided.get(path, by=token(**claims))
    assert answer.status_code == 401, answer.text
    assert answer.json()["code"] == "unauthenticated"


@pytest.mark.parametrize("text", ["\ud800", "Ada\0Lead", "Ada\r\nSet-Cookie: a=b", "Ada\tLead", "Ada\x1b[31m"])
@pytest.mark.parametrize("claim", ["name", "sub", "idts_prison", "idts_region", "idts_signatory_role"])
def test_a_claim_that_cannot_be_a_name_is_refused_with_the_reason(provided, claim, text):
    for answer in (
        provided.get("/v1/prisons/LWI/readiness", by=token(**{claim: text})),
        provided.patch("/v1/prisons/LWI/sections/1", {"rating": "AMBER"}, by=token(**{claim: text})),
    ):
        assert answer.status_code == 401, answer.text
        assert f"The claim {claim} of this token is not one line of plain text" in answer.json()["detail"]


def test_a_name_of_another_script_is_kept_as_it_is(provided):
    written = provided.patch("/v1/prisons/LWI/sections/1", {"rating": "AMBER"}, by=token(name="Zoë Ní Dhónaill 🙂"))
    assert written.json()["updated_by"] == "Zoë Ní Dhónaill 🙂"


def test_a_token_of_another_signer_or_with_another_content_is_refused(provided):
    assert provided.get("/v1/prisons/LWI/sections", by=token(STRANGER)).status_code == 401
    header, _, signature = token().split(".")
    _, payload, _ = token(idts_prison="MSI").split(".")
    assert provided.get("/v1/prisons/MSI/sections", by=f"{header}.{payload}.{signature}").status_code == 401


def test_without_a_provider_a_token_is_an_unknown_key(service):
    assert service.get("/v1/prisons/LWI/sections", by=token()).status_code == 401


def test_a_key_set_without_issuer_and_audience_is_refused_at_the_start(tmp_path):
    with pytest.raises(ValidationError, match="IDTS_JWT_ISSUER"):
        service_settings("sqlite:///x.db", jwt_keys=tmp_path / "keys.json")
