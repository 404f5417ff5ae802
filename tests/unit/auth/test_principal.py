"""For whom a caller may act."""

from __future__ import annotations

import pytest
from kioku_rt.auth import (
    Acting,
    Principal,
    acting_owner,
    current_principal,
    principal_scope,
    require_scope,
)
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason

ADA = Principal("ada", service=False, scopes=frozenset(), token_id="1")
SLY = Principal("sly", service=False, scopes=frozenset(("assets.act",)), token_id="2")
BACKEND = Principal("backend", service=True, scopes=frozenset(("assets.act",)), token_id="3")


@pytest.mark.parametrize("requested", ["", "ada"])
def test_a_user_acts_for_itself(requested: str) -> None:
    """A user's call acts for the token's subject, named or not."""
    with principal_scope(ADA):
        assert Acting("ada", ADA, on_behalf=False) == acting_owner(requested, "assets.act")


@pytest.mark.parametrize("user", [ADA, SLY])
def test_a_user_never_acts_for_another(user: Principal) -> None:
    """Naming somebody else is refused, whatever scopes a user's token claims."""
    with principal_scope(user), pytest.raises(KiokuError) as caught:
        acting_owner("bob", "assets.act")
    assert caught.value.reason is Reason.SCOPE_MISSING


def test_a_service_acts_for_the_owner_it_names() -> None:
    """With the scope a service acts for a named owner, and it shows."""
    with principal_scope(BACKEND):
        assert Acting("ada", BACKEND, on_behalf=True) == acting_owner("ada", "assets.act")


@pytest.mark.parametrize(
    ("requested", "scope", "reason"),
    [
        ("ada", "search.act", Reason.SCOPE_MISSING),
        ("", "search.act", Reason.SCOPE_MISSING),
        ("", "assets.act", Reason.FIELD_MISSING),
        ("a\nb", "assets.act", Reason.FIELD_INVALID),
        ("a" * 256, "assets.act", Reason.FIELD_INVALID),
    ],
)
def test_a_service_needs_the_scope_and_a_name(requested: str, scope: str, reason: Reason) -> None:
    """Without the scope, or without a possible owner, a service acts for nobody."""
    with principal_scope(BACKEND), pytest.raises(KiokuError) as caught:
        acting_owner(requested, scope)
    assert reason is caught.value.reason


def test_outside_a_call_nobody_calls() -> None:
    """Code that forgot to authenticate fails closed."""
    with pytest.raises(KiokuError) as caught:
        current_principal()
    assert caught.value.reason is Reason.TOKEN_MISSING


def test_only_services_hold_scopes() -> None:
    """A user's token that claims a scope does not hold it."""
    with principal_scope(BACKEND):
        assert require_scope("assets.act") == BACKEND
    with principal_scope(SLY), pytest.raises(KiokuError) as caught:
        require_scope("assets.act")
    assert caught.value.metadata == {"scope": "assets.act"}
    assert not isinstance(caught.value, InvalidInput)
