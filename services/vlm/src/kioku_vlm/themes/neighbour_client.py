"""The owner's look-alikes, over gRPC, from `search`.  Implements `Neighbours`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from kioku.common.v1 import vector_pb2
from kioku.search.v1 import search_service_pb2 as messages
from kioku.search.v1.search_service_pb2_grpc import SearchServiceStub
from kioku_rt.rpc import call

from kioku_vlm.themes.theme import Neighbour

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc

    from kioku_vlm.themes.theme import Look

NAME = "search"


class NeighbourClient:
    """Asks `search`.

    Args:
        channel: to `search`, with the token of this service (scope `search.act`); closed by its
            owner.
        seconds: for a question.
    """

    def __init__(self, channel: grpc.aio.Channel, *, seconds: float = 5.0) -> None:
        self._stub = SearchServiceStub(channel)
        self._seconds = seconds

    async def of_asset(self, owner: str, asset_id: UUID, most: int) -> Sequence[Neighbour]:
        """See the port."""
        return await self._ask(messages.SearchRequest(asset_id=str(asset_id)), owner, most)

    async def of_look(self, owner: str, look: Look, most: int) -> Sequence[Neighbour]:
        """See the port."""
        vector = vector_pb2.Vector(space_id=look.space_id, values=look.vector.tolist())
        return await self._ask(messages.SearchRequest(vector=vector), owner, most)

    async def _ask(
        self, request: messages.SearchRequest, owner: str, most: int
    ) -> Sequence[Neighbour]:
        request.filter.owner = owner
        request.k = most
        request.method = messages.SEARCH_METHOD_VISUAL
        answer = await call(NAME, self._stub.Search(request, timeout=self._seconds))
        return [Neighbour(UUID(hit.asset_id), hit.score, tuple(hit.tags)) for hit in answer.hits]
