"""A call acts for exactly one owner, and only when its caller may.

A user's token acts for its subject alone. A service's token may act for an owner it names, when it
holds the scope; the caller of `acting_owner` audits that (`Acting.on_behalf`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason

MAX_SUBJECT_CHARACTERS = 255


@dataclass(frozen=True)
class Principal:
    """Who a verified token speaks for.

    Attributes:
        subject: the token's `sub`: a user's id, or a service's name.
        service: whether the token's role is `service_role`.
        scopes: what a service may do beyond being itself, for example `search.act`.
        token_id: the token's `jti`, or a digest of it: safe to log.
    """

    subject: str
    service: bool
    scopes: frozenset[str]
    token_id: str


@dataclass(frozen=True)
class Acting:
    """The owner a call acts for, who asked, and whether on somebody else's behalf (audit it)."""

    owner: str
    principal: Principal
    on_behalf: bool


_current: ContextVar[Principal] = ContextVar("kioku_principal")


def current_principal() -> Principal:
    """Give the caller of the rpc being served.

    Raises:
        KiokuError: TOKEN_MISSING outside an authenticated call, so that forgetting to
            authenticate fails closed.
    """
    try:
        return _current.get()
    except LookupError:
        raise KiokuError(Reason.TOKEN_MISSING) from None


def set_principal(principal: Principal) -> None:
    """Name the caller for the rest of the current task; the rpc guard does this."""
    _current.set(principal)


@contextmanager
def principal_scope(principal: Principal) -> Iterator[None]:
    """Act as `principal` inside the block: for jobs, and for tests without a server."""
    token = _current.set(principal)
    try:
        yield
    finally:
        _current.reset(token)


def acceptable_subject(subject: str) -> bool:
    """Tell whether `subject` can name an owner: 1 to 255 printable characters, no edge spaces."""
    return (
        0 < len(subject) <= MAX_SUBJECT_CHARACTERS
        and subject.isprintable()
        and subject == subject.strip()
    )


def require_scope(scope: str) -> Principal:
    """Give the caller if it is a service that holds `scope`; else PERMISSION_DENIED."""
    principal = current_principal()
    if not principal.service or scope not in principal.scopes:
        raise _lacks(scope)
    return principal


def acting_owner(requested: str, scope: str) -> Acting:
    """Decide for which owner the current call acts.

    Args:
        requested: the request's owner field; empty for a user.
        scope: what a service must hold to act for a named owner.

    Raises:
        KiokuError: SCOPE_MISSING for a user who names somebody else, or a service without `scope`.
        InvalidInput: FIELD_MISSING when a service names no owner; FIELD_INVALID for a name that
            no token could carry.
    """
    principal = current_principal()
    if not principal.service:
        if requested not in ("", principal.subject):
            raise _lacks(scope)
        return Acting(principal.subject, principal, on_behalf=False)
    require_scope(scope)
    if not requested:
        raise InvalidInput(
            Reason.FIELD_MISSING, "A service must name the owner it acts for.", field="owner"
        )
    if not acceptable_subject(requested):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"The owner must have 1 to {MAX_SUBJECT_CHARACTERS} printable characters.",
            field="owner",
        )
    return Acting(requested, principal, on_behalf=True)


def _lacks(scope: str) -> KiokuError:
    return KiokuError(
        Reason.SCOPE_MISSING,
        f"The token lacks the scope `{scope}` for this.",
        metadata={"scope": scope},
    )
