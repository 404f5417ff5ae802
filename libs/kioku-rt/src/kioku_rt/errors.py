"""The errors that end a call, each with a reason from the catalogue.

Tree::

    KiokuError              any of them; `reason` decides code and meaning
      InvalidInput          the caller's argument is wrong whatever the state
      DependencyDown        a server we need does not answer; trying again later can help

One interceptor turns them into `google.rpc.Status`; asynchronous work turns them into the same
reason on the asset. Anything else that escapes is a bug and becomes INTERNAL without its text.
"""

from __future__ import annotations

from collections.abc import Mapping

from kioku_rt.reasons import CATALOGUE, Code, Reason


class KiokuError(Exception):
    """A failure with a stable reason and one sentence for people.

    Args:
        reason: from the catalogue; decides the status code.
        message: one sentence: what is wrong, the limit, what to do. Never exception text.
        field: path of the request field that is at fault, if one is.
        metadata: every dynamic part of `message` once more, for machines (AIP-193).
        retry_after: seconds after which trying again may help, if that is known.
    """

    def __init__(
        self,
        reason: Reason,
        message: str | None = None,
        *,
        field: str | None = None,
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.reason = reason
        self.message = message or CATALOGUE[reason].meaning
        self.field = field
        self.metadata = dict(metadata or {})
        self.retry_after = retry_after
        super().__init__(f"{reason}: {self.message}")

    @property
    def code(self) -> Code:
        """The status code its reason stands for."""
        return CATALOGUE[self.reason].code


class InvalidInput(KiokuError):
    """The caller's argument is wrong whatever the state of the system."""


class DependencyDown(KiokuError):
    """A server we need does not answer.

    Args:
        dependency: its name for people and metrics, for example `object store`.
        message: one sentence, where "does not answer" is not what is wrong with it.
    """

    def __init__(
        self,
        dependency: str,
        *,
        reason: Reason = Reason.DEPENDENCY_UNAVAILABLE,
        message: str | None = None,
        retry_after: float | None = 1.0,
    ) -> None:
        self.dependency = dependency
        super().__init__(
            reason,
            message or f"The {dependency} does not answer; try again in a moment.",
            metadata={"dependency": dependency},
            retry_after=retry_after,
        )
