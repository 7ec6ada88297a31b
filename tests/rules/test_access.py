"""Who may do what, against a table written by hand from the contract."""

import pytest

from app.rules.access import (
    Permission,
    Principal,
    Role,
    holds,
    in_scope,
    key_scope_fault,
    refusal,
    scope_refusal,
)
from tests.support.grants import CASES, COLUMNS


def caller(role: Role) -> Principal:
    return Principal("key:1", "Somebody", role, prison="LWI", region="south-east", signatory_role="governor")


def test_the_table_has_every_permission_and_every_role():
    assert {permission for permission, _, _ in CASES} == set(Permission)
    assert set(COLUMNS) == set(Role)


@pytest.mark.parametrize(("permission", "role", "allowed"), CASES)
def test_a_role_holds_what_the_contract_grants_it(permission, role, allowed):
    by = caller(role)
    assert holds(by, permission) is allowed
    reason = refusal(by, permission)
    assert (reason is None) is allowed
    if reason is not None:
        able = [one.value for _, one, may in CASES if _ is permission and may]
        assert reason.code == "role-not-allowed"
        assert all(name in reason.detail for name in able)


@pytest.mark.parametrize(
    ("role", "prison", "region", "expected"),
    [
        (Role.PRISON, "LWI", "south-east", True),
        (Role.PRISON, "BXI", "south-east", False),
        (Role.SIGNATORY, "LWI", "south-east", True),
        (Role.SIGNATORY, "BXI", "south-east", False),
        (Role.REGION, "BXI", "south-east", True),
        (Role.REGION, "LWI", "london", False),
        (Role.NATIONAL, "BXI", "london", True),
        (Role.ADMIN, "BXI", "london", True),
    ],
)
def test_a_prison_is_in_the_scope_of_its_own_keys(role, prison, region, expected):
    assert in_scope(caller(role), prison=prison, region=region) is expected
    reason = scope_refusal(caller(role), prison=prison, region=region)
    assert (None if reason is None else reason.code) == (None if expected else "out-of-scope")


GIVEN = {"prison": "LWI", "region": "south-east", "signatory_role": "governor"}


@pytest.mark.parametrize(
    ("role", "needs"),
    [
        (Role.PRISON, {"prison"}),
        (Role.REGION, {"region"}),
        (Role.NATIONAL, set()),
        (Role.SIGNATORY, {"prison", "signatory_role"}),
        (Role.ADMIN, set()),
    ],
)
def test_a_key_takes_the_scope_of_its_role_and_no_other(role, needs):
    right = {name: value if name in needs else None for name, value in GIVEN.items()}
    assert key_scope_fault(role, **right) is None
    for name, value in GIVEN.items():
        fault = key_scope_fault(role, **(right | {name: None if name in needs else value}))
        assert fault is not None
        assert (fault.code, fault.pointer) == ("invalid-key-scope", f"/{name}")
