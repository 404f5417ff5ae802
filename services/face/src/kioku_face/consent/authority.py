"""Promise: consent is given by the one whose face it is, and taken back by whoever keeps it too.

A person who is a user of the app gives it by a token of their own; for all others the owner of the
library does. A service with the scope `consent.admin` records what either said elsewhere. Less than
before needs no permission: the owner may always take back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.auth import Acting, current_principal, require_scope
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

if TYPE_CHECKING:
    from kioku_rt.auth import Principal

    from kioku_face.consent.consent import PersonRef

ADMIN = "consent.admin"


def caller() -> Principal:
    """Who asks.

    Raises:
        KiokuError: SCOPE_MISSING: a service that may not record consent.
    """
    principal = current_principal()
    return require_scope(ADMIN) if principal.service else principal


def acting_for(principal: Principal, owner: str) -> Acting:
    """The caller in the name of the owner of a person."""
    return Acting(owner, principal, on_behalf=principal.service or principal.subject != owner)


def sees(principal: Principal, person: PersonRef) -> bool:
    """Whether the person exists for the caller.

    Somebody who was merged is shown to no owner; the user whom it is about still finds them.
    """
    if principal.service or person.user_id == principal.subject:
        return True
    return person.owner == principal.subject and person.merged_into is None


def check_may_grant(principal: Principal, person: PersonRef) -> None:
    """Refuse whoever cannot agree for this person.

    Raises:
        KiokuError: CONSENT_NOT_YOURS.
    """
    if not principal.service and principal.subject != (person.user_id or person.owner):
        raise KiokuError(Reason.CONSENT_NOT_YOURS)
