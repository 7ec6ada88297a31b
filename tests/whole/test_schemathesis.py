"""Requests made up from the OpenAPI document, good and bad: no 5xx, and no answer that breaks the document."""

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
# Generated values seldom meet what is there: every other good request is led to it.
THERE = {"code": "LWI", "slug": "south-east", "version": "2006-09", "number": 7}


@pytest.fixture
def address(database_url: str, tmp_path: Path) -> Iterator[tuple[Service, str]]:
    with running(service_settings(database_url, data_dir=tmp_path)) as service, serving(service) as url:
        yield service, url


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
def test_every_answer_is_one_that_the_document_describes(
    address: tuple[Service, str], mode: GenerationMode, subtests: pytest.Subtests
):
    service, url = address
    schema = schemathesis.openapi.from_dict(service.app.openapi())
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        with subtests.test(operation.label):
            try:
                probe(service, url, operation, mode)
            except Unsatisfiable:
                # Nothing about such a request can be malformed.
                assert mode is GenerationMode.NEGATIVE
                assert not [*operation.path_parameters, *operation.query, *operation.body]


def probe(service: Service, url: str, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> None:
    """A few requests of one operation, from a prison's lead and an administrator in turn."""
    # Keys of its own: one of the operations revokes keys.
    turns = cycle([(f"admin:{operation.label}", True), ("prison:LWI", True), ("prison:LWI", False)])

    @given(case=operation.as_strategy(generation_mode=mode))
    @limits(
        max_examples=6,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Case[Any]) -> None:
        by, is_led = next(turns)
        if is_led and mode is GenerationMode.POSITIVE:
            case.path_parameters |= {name: THERE[name] for name in case.path_parameters if name in THERE}
        response = case.call(base_url=url, headers={"authorization": f"Bearer {service.key(by)}"})
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
