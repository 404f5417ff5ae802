"""A session as the operator of a stack, who may change its embedding spaces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from kioku_cli.session import Session, in_session

if TYPE_CHECKING:
    from kioku.search.v1.space_service_pb2_grpc import SpaceServiceAsyncStub

_T = TypeVar("_T")
NAME = "kioku-cli"
SCOPE = "spaces.admin"
COMPARE_SECONDS = 300.0
SpaceId = Annotated[str, typer.Argument(metavar="SPACE", help="The space's id, model@digest.")]
Accept = Annotated[
    int, typer.Option("--accept-failures", min=0, help="Failures that are accepted, by number.")
]


def as_operator(data: Path | None, work: Callable[[SpaceServiceAsyncStub], Awaitable[_T]]) -> _T:
    """The result of calls to SpaceService.

    Raises:
        Refusal: the sentence of a call that failed; NotRunning.
    """

    async def of_spaces(session: Session) -> _T:
        return await work(session.spaces)

    return in_session(data, NAME, of_spaces, [SCOPE])
