"""FaceVectorService over gRPC: decode, call, encode; for services with the scope `faces.vectors`.

Requests may be large, so they are decoded off the event loop.
"""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from kioku.search.v1 import face_vector_service_pb2 as messages
from kioku.search.v1.face_vector_service_pb2_grpc import FaceVectorServiceServicer
from kioku_rt.auth import require_scope
from kioku_rt.rpc import name_call

from kioku_search.assets.asset_message import timestamp
from kioku_search.faces.face import Access
from kioku_search.faces.keeping import KeepingStore
from kioku_search.faces.matching import FaceMatching
from kioku_search.faces.message import (
    MOST_AMONG,
    MOST_ROWS,
    access_of,
    asked_of,
    bounds_of,
    ids_of,
    links_of,
    match_message,
    nearest_message,
    optional_id,
    people_of,
)

SCOPE = "faces.vectors"
NAME = "kioku.search.v1.FaceVectorService"
Context = grpc.aio.ServicerContext[Any, Any]


class FaceVectorServicer(FaceVectorServiceServicer):
    """The rpcs of FaceVectorService."""

    def __init__(self, matching: FaceMatching, keeping: KeepingStore) -> None:
        self._matching = matching
        self._keeping = keeping

    async def MatchFaces(  # noqa: N802 - named by the contract
        self, request: messages.MatchFacesRequest, _context: Context
    ) -> messages.MatchFacesResponse:
        """Say whose faces these may be."""
        access = _access(request.access)
        bounds = bounds_of(
            request.max_people, request.min_score, default=5, limit=20, field="max_people"
        )
        among = ids_of(request.person_ids, MOST_AMONG, "person_ids")
        asked = await asyncio.to_thread(asked_of, request.queries)
        return match_message(*await self._matching.match(access, asked, bounds, among))

    async def NearestFaces(  # noqa: N802
        self, request: messages.NearestFacesRequest, _context: Context
    ) -> messages.NearestFacesResponse:
        """Say what looks like the faces."""
        access = _access(request.access)
        bounds = bounds_of(
            request.max_faces, request.min_score, default=20, limit=200, field="max_faces"
        )
        asked = await asyncio.to_thread(asked_of, request.queries)
        found = await self._matching.nearest(access, asked, bounds)
        return await asyncio.to_thread(nearest_message, *found)

    async def LinkFaces(  # noqa: N802
        self, request: messages.LinkFacesRequest, _context: Context
    ) -> messages.LinkFacesResponse:
        """Note whose faces these are."""
        access = _access(request.access)
        links = await asyncio.to_thread(links_of, request.links)
        return messages.LinkFacesResponse(changed=await self._keeping.link(access, links))

    async def SetPeople(  # noqa: N802
        self, request: messages.SetPeopleRequest, _context: Context
    ) -> messages.SetPeopleResponse:
        """Note who may be matched."""
        access = _access(request.access)
        people = await asyncio.to_thread(people_of, request.people)
        return messages.SetPeopleResponse(changed=await self._keeping.set_people(access, people))

    async def EraseFaces(  # noqa: N802
        self, request: messages.EraseFacesRequest, _context: Context
    ) -> messages.EraseFacesResponse:
        """Remove vectors for good."""
        access = _access(request.access)
        person_id = optional_id(request.person_id, "person_id")
        faces = await asyncio.to_thread(ids_of, request.face_ids, MOST_ROWS, "face_ids")
        erased = await self._keeping.erase(access, person_id, faces)
        return messages.EraseFacesResponse(vectors=erased.vectors, scrub_ticket=erased.scrub_ticket)

    async def GetScrub(  # noqa: N802
        self, request: messages.GetScrubRequest, _context: Context
    ) -> messages.GetScrubResponse:
        """Say how far the files are."""
        require_scope(SCOPE)
        moment = await self._keeping.scrubbed(request.scrub_ticket)
        return messages.GetScrubResponse(scrub_time=timestamp(moment))


def _access(said: messages.FaceAccess) -> Access:
    access = access_of(said, require_scope(SCOPE))
    if access.request_id:
        name_call(access.request_id)
    return access
