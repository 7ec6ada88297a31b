"""Requests made up from the OpenAPI document, good and bad: no 5xx, and no answer that breaks the document."""

from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import hypothesis.core
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from hypothesis.vendor.pretty import RepresentationPrinter
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation.hypothesis import setup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support import statements
from tests.support.service import Service, running, service_settings
from tests.support.serving import serving

# Its set-up, done once a process, would leave every property test of the run without the values that it failed with.
setup()
hypothesis.core.RepresentationPrinter = RepresentationPrinter  # type: ignore[attr-defined]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# For each operation in a deep run; those with few inputs run out of cases before.
DEEP_CASES = 240
# Generated values seldom meet what is there: most good requests are led to it, and leave out what seldom fits.
THERE = {"code": "LWI", "slug": "south-east", "version": "2006-09", "number": 7, "month": "2026-02", "webhook_id": 1}
SELDOM_FIT = ("as_of", "cursor", "after", "since", "until", "prison", "region", "if-match", "last-event-id")


@pytest.fixture
def address(database_url: str, tmp_path: Path) -> Iterator[tuple[Service, str]]:
    with running(service_settings(database_url, data_dir=tmp_path)) as service, serving(service) as url:
        yield service, url


def what_is_there(service: Service) -> dict[str, Any]:
    """Something of everything that a path names."""
    statement = statements.issued(service)
    (item,) = service.get("/v1/prisons/LWI/sections/7/evidence?limit=1").json()["items"] or [{"id": "none"}]
    webhook = {"url": "https://hooks.example.org/idts", "description": "Test"}
    assert service.post("/v1/webhooks", webhook, by="admin").status_code == 201
    partnership = service.post("/v1/partnerships", {"name": "East Sussex", "prisons": ["LWI"]}, by="admin").json()
    action = {"reference": "A1", "text": "Buy a safe", "by_when": "June 2026"}
    plan = {"partnership": "East Sussex", "title": "Plan", "sections": [{"objectives": [{"actions": [action]}]}]}
    made = {"partnership_id": partnership["id"], "plan_id": service.post("/v1/plans", plan).json()["id"], "ref": "A1"}
    return THERE | made | {"statement_id": statement["id"], "item_id": item["id"]}


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
def test_every_answer_is_one_that_the_document_describes(
    address: tuple[Service, str],
    database_kind: str,
    mode: GenerationMode,
    deep: bool,
    subtests: pytest.Subtests,
    record_property: Any,
):
    service, url = address
    schema = schemathesis.openapi.from_dict(service.app.openapi())
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    there = what_is_there(service) if mode is GenerationMode.POSITIVE else {}
    statuses: Counter[int] = Counter()
    for operation in operations:
        with subtests.test(operation.label):
            try:
                probe(service, url, operation, there, DEEP_CASES if deep else 8, statuses)
            except Unsatisfiable:
                # Nothing about such a request can be malformed.
                assert mode is GenerationMode.NEGATIVE
                assert not [*operation.path_parameters, *operation.query, *operation.body]
    kinds = Counter(f"{status // 100}xx" for status in statuses.elements())
    told = ", ".join(f"{kind} {kinds[kind]}" for kind in sorted(kinds))
    met = f"{statuses.total()} {'good' if mode is GenerationMode.POSITIVE else 'bad'} requests on {database_kind}"
    record_property("met", f"Schemathesis: {met}: {told}")
    assert len(operations) == len(list(schema.get_all_operations()))
    assert statuses.total() >= (10_000 if deep else 100)
    # Good requests are mostly answered, and bad ones are mostly refused, or neither reaches what it claims.
    assert kinds["2xx" if mode is GenerationMode.POSITIVE else "4xx"] > statuses.total() / 3


def probe(
    service: Service,
    url: str,
    operation: APIOperation[Any, Any, Any, Any],
    there: dict[str, Any],
    cases: int,
    statuses: Counter[int],
) -> None:
    """Some requests of one operation, from keys of several roles in turn; good ones where there is something."""
    # An administrator's key of its own: one of the operations revokes keys.
    turns = cycle([f"admin:{operation.label}", "prison:LWI", "region:south-east", "signatory:LWI:governor", ""])
    mode = GenerationMode.POSITIVE if there else GenerationMode.NEGATIVE

    @given(case=operation.as_strategy(generation_mode=mode))
    @limits(
        max_examples=cases,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Case[Any]) -> None:
        by = next(turns)
        if by and there:
            case.path_parameters |= {name: there[name] for name in case.path_parameters if name in there}
            for name in SELDOM_FIT:
                case.query.pop(name, None)
                case.headers.pop(name, None)
        response = case.call(base_url=url, headers={"authorization": f"Bearer {service.key(by or 'national')}"})
        statuses[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    run()


def test_a_failing_example_names_its_values_although_schemathesis_is_loaded():
    @given(st.integers())
    @limits(database=None, derandomize=True)
    def fail(number: int) -> None:
        assert number < 1234

    with pytest.raises(AssertionError) as failure:
        fail()
    assert "number=1234" in "".join(failure.value.__notes__)
