"""PeopleService over gRPC: decode, call, encode; every rule lives in the use cases."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID, uuid4

import grpc
from kioku.face.v1 import face_pb2
from kioku.face.v1 import people_service_pb2 as messages
from kioku.face.v1.people_service_pb2_grpc import PeopleServiceServicer
from kioku_rt.auth import acting_owner
from kioku_rt.errors import InvalidInput
from kioku_rt.fields import canonical_uuid, page_size
from kioku_rt.reasons import Reason
from kioku_rt.rpc import name_call
from kioku_rt.text import clean_text

from kioku_face.face_message import face_message
from kioku_face.people.enrolling import Enrolling
from kioku_face.people.linking import Linking
from kioku_face.people.people import People
from kioku_face.people.people_message import change_message, person_message, undone_message
from kioku_face.people.person import (
    MAX_NAME,
    Facts,
    Update,
    checked_collection,
    checked_facts,
    checked_mask,
)
from kioku_face.people.ports import Call, PeopleFilter

SCOPE = "face.act"
NAME = "kioku.face.v1.PeopleService"
_DEFAULT_PAGE = 100
Context = grpc.aio.ServicerContext[Any, Any]


class _Owned(Protocol):
    """A request that may name its owner."""

    @property
    def owner(self) -> str:
        """The owner; empty: the caller."""
        ...


class PeopleServicer(PeopleServiceServicer):
    """The rpcs of PeopleService."""

    def __init__(self, people: People, enrolling: Enrolling, linking: Linking) -> None:
        self._people = people
        self._enrolling = enrolling
        self._linking = linking

    async def CreatePerson(  # noqa: N802 - named by the contract
        self, request: messages.CreatePersonRequest, _context: Context
    ) -> messages.CreatePersonResponse:
        """Create a person."""
        request_id = _request_id(request.request_id)
        person = await self._people.create(
            _call(request, request_id), _facts(request.person), request_id
        )
        return messages.CreatePersonResponse(person=person_message(person))

    async def GetPerson(  # noqa: N802
        self, request: messages.GetPersonRequest, _context: Context
    ) -> messages.GetPersonResponse:
        """Give a person."""
        person = await self._people.get(_call(request), _person_id(request.person_id))
        return messages.GetPersonResponse(person=person_message(person))

    async def ListPeople(  # noqa: N802
        self, request: messages.ListPeopleRequest, _context: Context
    ) -> messages.ListPeopleResponse:
        """Give a page of people, by name."""
        page = await self._people.page(
            _call(request),
            _filter(request),
            page_size(request.page_size, default=_DEFAULT_PAGE),
            request.page_token,
        )
        return messages.ListPeopleResponse(
            people=[person_message(one) for one in page.people],
            next_page_token=page.next_page_token,
        )

    async def UpdatePerson(  # noqa: N802
        self, request: messages.UpdatePersonRequest, _context: Context
    ) -> messages.UpdatePersonResponse:
        """Change facts of a person."""
        person_id = _person_id(request.person.person_id, "person.person_id")
        person = await self._people.update(_call(request), person_id, _update(request))
        return messages.UpdatePersonResponse(person=person_message(person))

    async def DeletePerson(  # noqa: N802
        self, request: messages.DeletePersonRequest, _context: Context
    ) -> messages.DeletePersonResponse:
        """Remove a person and what is held of them."""
        removal = await self._people.delete(_call(request), _person_id(request.person_id))
        return messages.DeletePersonResponse(erasure_id=str(removal.erasure_id), done=removal.done)

    async def EnrollFace(  # noqa: N802
        self, request: messages.EnrollFaceRequest, _context: Context
    ) -> messages.EnrollFaceResponse:
        """Make a face known."""
        request_id = _request_id(request.request_id)
        call = _call(request, request_id)
        person_id = _person_id(request.person_id)
        match request.WhichOneof("source"):
            case "face_id":
                face_id = canonical_uuid(request.face_id, "face_id")
                known = await self._enrolling.face(call, person_id, face_id)
            case "image":
                known = await self._enrolling.picture(call, person_id, request.image, request_id)
            case _:
                raise InvalidInput(Reason.ONEOF_NOT_EXACTLY_ONE, field="source")
        return messages.EnrollFaceResponse(
            face=face_message(known.face), person=person_message(known.person)
        )

    async def AssignFaces(  # noqa: N802
        self, request: messages.AssignFacesRequest, _context: Context
    ) -> messages.AssignFacesResponse:
        """Link faces to a person."""
        faces = [
            canonical_uuid(one, f"face_ids[{index}]") for index, one in enumerate(request.face_ids)
        ]
        linked = await self._linking.assign(_call(request), _person_id(request.person_id), faces)
        return messages.AssignFacesResponse(
            person=person_message(linked.person), change_id=str(linked.change_id)
        )

    async def RejectFace(  # noqa: N802
        self, request: messages.RejectFaceRequest, _context: Context
    ) -> messages.RejectFaceResponse:
        """Unlink a face for good."""
        face_id = canonical_uuid(request.face_id, "face_id")
        change_id = await self._linking.reject(
            _call(request), _person_id(request.person_id), face_id
        )
        return messages.RejectFaceResponse(change_id=str(change_id))

    async def NameAnonymousPerson(  # noqa: N802
        self, request: messages.NameAnonymousPersonRequest, _context: Context
    ) -> messages.NameAnonymousPersonResponse:
        """Say who somebody unknown is."""
        anonymous_id = canonical_uuid(request.anonymous_id, "anonymous_id")
        linked = await self._linking.name(
            _call(request), anonymous_id, _person_id(request.person_id)
        )
        return messages.NameAnonymousPersonResponse(
            person=person_message(linked.person), change_id=str(linked.change_id)
        )

    async def MergePeople(  # noqa: N802
        self, request: messages.MergePeopleRequest, _context: Context
    ) -> messages.MergePeopleResponse:
        """Make two people one."""
        into = _person_id(request.into_person_id, "into_person_id")
        linked = await self._linking.merge(_call(request), _person_id(request.person_id), into)
        return messages.MergePeopleResponse(
            person=person_message(linked.person), change_id=str(linked.change_id)
        )

    async def UndoChange(  # noqa: N802
        self, request: messages.UndoChangeRequest, _context: Context
    ) -> messages.UndoChangeResponse:
        """Take a change back."""
        change_id = canonical_uuid(request.change_id, "change_id")
        return undone_message(await self._linking.undo(_call(request), change_id))

    async def ListChanges(  # noqa: N802
        self, request: messages.ListChangesRequest, _context: Context
    ) -> messages.ListChangesResponse:
        """Give a page of changes, the newest first."""
        page = await self._linking.page(
            _call(request),
            _person_id(request.person_id) if request.person_id else None,
            page_size(request.page_size, default=_DEFAULT_PAGE),
            request.page_token,
        )
        return messages.ListChangesResponse(
            changes=[change_message(one) for one in page.changes],
            next_page_token=page.next_page_token,
        )


def _call(request: _Owned, request_id: UUID | None = None) -> Call:
    """Whom the call acts for, and its name: the caller's, or one that is made here."""
    name = str(request_id or uuid4())
    name_call(name)
    return Call(acting_owner(request.owner, SCOPE), name)


def _person_id(value: str, field: str = "person_id") -> UUID:
    return canonical_uuid(value, field)


def _request_id(value: str) -> UUID | None:
    return canonical_uuid(value, "request_id") if value else None


def _facts(person: face_pb2.Person) -> Facts:
    return checked_facts(person.name, person.user_id, person.collection_id, hidden=person.hidden)


def _filter(request: messages.ListPeopleRequest) -> PeopleFilter:
    prefix, collection = request.name_prefix, request.collection_id
    return PeopleFilter(
        checked_collection(collection, "collection_id") if collection else "",
        request.show_hidden,
        clean_text(prefix, field="name_prefix", limit=MAX_NAME) if prefix else "",
    )


def _update(request: messages.UpdatePersonRequest) -> Update:
    if request.person.version < 0:
        raise InvalidInput(Reason.FIELD_INVALID, "The version is negative.", field="person.version")
    fields = checked_mask(request.update_mask.paths)
    return Update(fields, _facts(request.person), request.person.version)
