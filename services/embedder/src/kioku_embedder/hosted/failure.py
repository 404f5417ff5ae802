"""Promise: what can go wrong with a provider, told apart by what is to be done about it.

========================  =======================================================================
class                     what a consumer does
========================  =======================================================================
Outage, RateLimited,      waits; no attempt is used
Misconfigured, Forbidden,
BudgetExhausted
KiokuError HOSTED_FAILED  tries again, at most five times
KiokuError                dead at once: the item is at fault
HOSTED_ITEM_REFUSED
========================  =======================================================================
"""

from __future__ import annotations

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import CATALOGUE, Reason

NAME = "hosted model"


class Outage(DependencyDown):
    """The provider does not answer, breaks off, or says that it is broken.

    Args:
        charged: whether it may have worked on the item, and so may ask for its price.
    """

    def __init__(self, *, charged: bool, retry_after: float = 5.0) -> None:
        self.charged = charged
        super().__init__(NAME, reason=Reason.HOSTED_FAILED, retry_after=retry_after)


class RateLimited(DependencyDown):
    """The provider, or our own limit, asks to wait."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(
            NAME,
            reason=Reason.HOSTED_RATE_LIMITED,
            message=CATALOGUE[Reason.HOSTED_RATE_LIMITED].meaning,
            retry_after=retry_after,
        )


class Misconfigured(DependencyDown):
    """Nothing will work before an operator changes something; the message says what.

    Args:
        message: one sentence.
        charged: as in Outage.
    """

    def __init__(self, message: str, *, charged: bool = False, retry_after: float = 30.0) -> None:
        self.charged = charged
        super().__init__(
            NAME, reason=Reason.HOSTED_FAILED, message=message, retry_after=retry_after
        )


class BudgetExhausted(DependencyDown):
    """The approved money is spent."""

    def __init__(self) -> None:
        reason = Reason.HOSTED_BUDGET_EXHAUSTED
        super().__init__(
            "hosted budget", reason=reason, message=CATALOGUE[reason].meaning, retry_after=None
        )


class Forbidden(DependencyDown):
    """The policy refuses the provider; work waits until somebody changes one or the other."""

    def __init__(self, message: str) -> None:
        super().__init__(NAME, reason=Reason.EXTERNAL_AI_REFUSED, message=message, retry_after=None)


def unusable(message: str) -> KiokuError:
    """An answer that is none; another attempt may get a better one."""
    return KiokuError(Reason.HOSTED_FAILED, message)


def may_be_charged(error: KiokuError) -> bool:
    """Whether the provider may ask for the item's price although there is no vector."""
    if isinstance(error, Outage | Misconfigured):
        return error.charged
    free = {Reason.HOSTED_ITEM_REFUSED, Reason.HOSTED_RATE_LIMITED, Reason.EXTERNAL_AI_REFUSED}
    return error.reason not in free
