"""Why a command ends without doing its work: one sentence for people, one exit code for scripts.

Exit codes: 0 done, 1 failed, 2 used wrongly, 3 the stack does not run.
"""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path

from kioku_cli.invocation import invocation


class Exit(IntEnum):
    """What a command's exit code means."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_RUNNING = 3


class Refusal(Exception):
    """A sentence that ends a command.

    Args:
        message: what is wrong and what to do about it.
        reason: stable UPPER_SNAKE word for scripts; a catalogue reason where a service gave one.
        code: the exit code.
        shown: the answer was printed already and says why; only the exit code is left.
    """

    def __init__(
        self, message: str, *, reason: str = "FAILED", code: Exit = Exit.FAILED, shown: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.code = code
        self.shown = shown


class UsageRefusal(Refusal):
    """The command line asks for something that cannot be."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason="USAGE", code=Exit.USAGE)


class NotRunning(Refusal):
    """No stack runs on this data folder."""

    def __init__(self, root: Path) -> None:
        super().__init__(
            f"No stack runs on {root}; start it with: {invocation('up --detach', root)}",
            reason="STACK_NOT_RUNNING",
            code=Exit.NOT_RUNNING,
        )
