"""FaceService over gRPC: what owners see, what they do not, and what is refused with which code."""

from __future__ import annotations

import io
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import grpc
import numpy as np
import pytest
import pytest_asyncio
from kioku.face.v1 import face_pb2
from kioku.face.v1 import face_service_pb2 as messages
from kioku_face.library import Of, Wanted
from kioku_face.library_store import FaceLibraryStore
from kioku_rt.rpc.status import error_of
from PIL import Image

from tests.integration.face.rig import BLUE, GREEN, RED, Db, Service, draw, until, user

MARKS = ((RED, (20, 20, 80, 80)), (BLUE, (120, 30, 170, 80)), (GREEN, (20, 120, 60, 160)))


@dataclass
class World:
    """A service that has looked at one picture of Ann's with three faces."""

    db: Db
    service: Service
    asset_id: UUID
    faces: list[UUID]

    @property
    def ann(self) -> Any:
        return self.service.faces("ann")


@pytest_asyncio.fixture
async def world(db: Db, start_face: Any) -> AsyncIterator[World]:
    async with start_face() as service:
        asset_id = await service.upload("ann", draw(*MARKS))

        async def all_faces() -> Any:
            faces = await db.faces("ann")
            return faces if len(faces) == len(MARKS) else None

        faces = await until(all_faces)
        yield World(db, service, asset_id, [face["face_id"] for face in faces])


async def refused(call: Any) -> tuple[grpc.StatusCode, str]:
    """Code and reason of a call that fails."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = error_of(caught.value)
    return caught.value.code(), error.reason


async def test_detecting_stores_nothing_and_is_audited(world: World) -> None:
    """Boxes and quality come back, the largest first, without ids; only the audit knows."""
    answer = await world.ann.DetectFaces(messages.DetectFacesRequest(image=draw(*MARKS)))
    assert (200, 200, 3) == (answer.width, answer.height, len(answer.faces))
    assert [pytest.approx(0.3), pytest.approx(0.25), pytest.approx(0.2)] == [
        face.box.width for face in answer.faces
    ]
    assert {("", "", "")} == {(f.face_id, f.asset_id, f.space_id) for f in answer.faces}
    assert 3 == len(await world.db.faces("ann"))
    [audit] = await world.db.audited("face.detect")
    assert ("ann", "ok") == (audit["actor"], audit["outcome"])


BAD_PICTURES = {
    "IMAGE_EMPTY": b"",
    "IMAGE_UNSUPPORTED_FORMAT": b"no picture",
    "IMAGE_TRUNCATED": draw(*MARKS)[:150],
    "IMAGE_TOO_LARGE": b"\x89PNG\r\n\x1a\n" + bytes(16 * 2**20),
}


async def test_what_is_no_picture_is_refused(world: World) -> None:
    """Bad bytes end as INVALID_ARGUMENT with their reason."""
    for reason, image in BAD_PICTURES.items():
        call = world.ann.DetectFaces(messages.DetectFacesRequest(image=image))
        assert (grpc.StatusCode.INVALID_ARGUMENT, reason) == await refused(call)


async def test_the_faces_of_an_asset_come_in_pages_by_quality(world: World) -> None:
    """Pages of two and one, the best first, each face once; every page is audited."""
    request = messages.ListFacesRequest(asset_id=str(world.asset_id), page_size=2)
    first = await world.ann.ListFaces(request)
    request.page_token = first.next_page_token
    second = await world.ann.ListFaces(request)
    assert ([2, 1], "") == ([len(first.faces), len(second.faces)], second.next_page_token)
    listed = [UUID(face.face_id) for face in [*first.faces, *second.faces]]
    assert world.faces == listed
    assert not first.faces[0].HasField("frame_no")
    assert 5 == len(first.faces[0].landmarks)
    assert 2 == len(await world.db.audited("face.list"))


async def test_pages_of_faces_that_are_equally_good(world: World) -> None:
    """Ties are broken by id: no face is left out and none comes twice."""
    await world.db.owner.execute("UPDATE face.faces SET quality = 0.1")
    request = messages.ListFacesRequest(asset_id=str(world.asset_id), page_size=1)
    seen = []
    for _ in MARKS:
        page = await world.ann.ListFaces(request)
        seen += [face.face_id for face in page.faces]
        request.page_token = page.next_page_token
    assert ("", sorted(map(str, world.faces))) == (request.page_token, seen)


async def test_the_faces_of_a_person(world: World) -> None:
    """Those that are linked, with who linked them."""
    person = await world.db.person("ann")
    await world.db.link("ann", world.faces[1], person)
    page = await world.ann.ListFaces(messages.ListFacesRequest(person_id=str(person)))
    [face] = page.faces
    assert (str(world.faces[1]), str(person)) == (face.face_id, face.person_id)
    assert face_pb2.LINK_SOURCE_PERSON == face.link_source


async def test_unknown_people_come_in_pages_with_their_best_face(world: World) -> None:
    """Those with most faces first; how long they live follows from their newest face."""
    crowd, lone = uuid.uuid4(), uuid.uuid4()
    for face_id, anonymous in zip(world.faces, (crowd, crowd, lone), strict=True):
        await world.db.owner.execute(
            "UPDATE face.faces SET anonymous_id = $2 WHERE face_id = $1", face_id, anonymous
        )
    request = messages.ListAnonymousPeopleRequest(min_faces=1, page_size=1)
    first = await world.ann.ListAnonymousPeople(request)
    request.page_token = first.next_page_token
    second = await world.ann.ListAnonymousPeople(request)
    people = [*first.people, *second.people]
    assert [(str(crowd), 2), (str(lone), 1)] == [(p.anonymous_id, p.face_count) for p in people]
    assert str(world.faces[0]) == people[0].cover_face_id
    assert "" == second.next_page_token
    days = (people[0].expire_time.seconds - people[0].create_time.seconds) / 86_400
    assert pytest.approx(365, abs=0.1) == days
    default = await world.ann.ListAnonymousPeople(messages.ListAnonymousPeopleRequest())
    assert [str(crowd)] == [one.anonymous_id for one in default.people]
    listed = await world.ann.ListFaces(messages.ListFacesRequest(anonymous_id=str(crowd)))
    assert set(map(str, world.faces[:2])) == {face.face_id for face in listed.faces}


async def test_a_crop_is_a_square_around_the_face(world: World) -> None:
    """Its middle has the face's colour, its rim what is around it; its side is as asked."""
    for face_id, (colour, _) in zip(world.faces, MARKS, strict=True):
        request = messages.GetFaceCropRequest(face_id=str(face_id), size=64)
        answer = await world.ann.GetFaceCrop(request)
        pixels = np.asarray(Image.open(io.BytesIO(answer.image)).convert("RGB")).astype(int)
        assert ("image/jpeg", (64, 64, 3)) == (answer.content_type, pixels.shape)
        assert abs(pixels[32, 32] - colour).max() < 25
        assert abs(pixels[2, 2] - 128).max() < 25
    answer = await world.ann.GetFaceCrop(messages.GetFaceCropRequest(face_id=str(world.faces[0])))
    assert (160, 160) == Image.open(io.BytesIO(answer.image)).size
    assert 4 == len(await world.db.audited("face.crop"))


async def test_a_crop_of_bytes_that_are_gone(world: World) -> None:
    """No original, no crop: a reason, not an error of ours."""
    world.service.objects.objects.clear()
    call = world.ann.GetFaceCrop(messages.GetFaceCropRequest(face_id=str(world.faces[0])))
    assert (grpc.StatusCode.FAILED_PRECONDITION, "OBJECT_MISSING") == await refused(call)


async def test_others_see_nothing(world: World) -> None:
    """Another owner's asset, person, group and face look as if they did not exist."""
    bob = world.service.faces("bob")
    person = await world.db.person("ann")
    group = uuid.uuid4()
    await world.db.owner.execute("UPDATE face.faces SET anonymous_id = $1", group)
    asset = bob.ListFaces(messages.ListFacesRequest(asset_id=str(world.asset_id)))
    assert (grpc.StatusCode.NOT_FOUND, "ASSET_NOT_FOUND") == await refused(asset)
    someone = bob.ListFaces(messages.ListFacesRequest(person_id=str(person)))
    assert (grpc.StatusCode.NOT_FOUND, "PERSON_NOT_FOUND") == await refused(someone)
    crop = bob.GetFaceCrop(messages.GetFaceCropRequest(face_id=str(world.faces[0])))
    assert (grpc.StatusCode.NOT_FOUND, "FACE_NOT_FOUND") == await refused(crop)
    hidden = await bob.ListFaces(messages.ListFacesRequest(anonymous_id=str(group)))
    assert 0 == len(hidden.faces)
    people = await bob.ListAnonymousPeople(messages.ListAnonymousPeopleRequest(min_faces=1))
    assert 0 == len(people.people)


async def test_a_page_token_is_of_one_list_and_owner(world: World) -> None:
    """Another list, another owner or a changed token: refused."""
    request = messages.ListFacesRequest(asset_id=str(world.asset_id), page_size=1)
    token = (await world.ann.ListFaces(request)).next_page_token
    bad = (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")
    other = messages.ListFacesRequest(anonymous_id=str(uuid.uuid4()), page_token=token)
    assert bad == await refused(world.ann.ListFaces(other))
    request.page_token = token
    assert bad == await refused(world.service.faces("bob").ListFaces(request))
    request.page_token = token[:-1]
    assert bad == await refused(world.ann.ListFaces(request))


ID = str(uuid.uuid4())
BAD_FIELDS = [
    ("ListFaces", messages.ListFacesRequest(), "ONEOF_NOT_EXACTLY_ONE"),
    ("ListFaces", messages.ListFacesRequest(asset_id=ID, person_id=ID), "ONEOF_NOT_EXACTLY_ONE"),
    ("ListFaces", messages.ListFacesRequest(asset_id="x"), "ID_MALFORMED"),
    ("ListFaces", messages.ListFacesRequest(asset_id=ID, page_size=-1), "FIELD_INVALID"),
    ("GetFaceCrop", messages.GetFaceCropRequest(), "ID_MALFORMED"),
    ("GetFaceCrop", messages.GetFaceCropRequest(face_id=ID, size=15), "FIELD_INVALID"),
    ("GetFaceCrop", messages.GetFaceCropRequest(face_id=ID, size=513), "FIELD_INVALID"),
    (
        "ListAnonymousPeople",
        messages.ListAnonymousPeopleRequest(min_faces=-1),
        "FIELD_INVALID",
    ),
    (
        "ListAnonymousPeople",
        messages.ListAnonymousPeopleRequest(page_token="x"),
        "PAGE_TOKEN_INVALID",
    ),
]


async def test_bad_fields_are_refused(world: World) -> None:
    """Each with INVALID_ARGUMENT and a stable reason."""
    for method, request, reason in BAD_FIELDS:
        call = getattr(world.ann, method)(request)
        assert (grpc.StatusCode.INVALID_ARGUMENT, reason) == await refused(call), request


async def test_who_may_act_for_whom(world: World) -> None:
    """A service needs the scope and names the owner; a user acts for nobody else."""
    request = messages.ListFacesRequest(asset_id=str(world.asset_id), owner="ann")
    denied = (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")
    assert denied == await refused(world.service.faces("bob").ListFaces(request))
    weak = world.service.faces("vlm", service=True)
    assert denied == await refused(weak.ListFaces(request))
    vlm = world.service.faces("vlm", service=True, scopes=("face.act",))
    assert 3 == len((await vlm.ListFaces(request)).faces)
    audit = (await world.db.audited("face.list"))[-1]
    assert "vlm" == audit["actor"]
    assert '"owner": "ann"' in audit["details"]


async def test_what_cannot_be_audited_is_not_told(world: World) -> None:
    """Without the audit's row nothing that the rpcs stand on gives an answer."""
    await world.db.owner.execute(
        "ALTER TABLE face.audit_logs ADD CONSTRAINT full_now CHECK (id < 0) NOT VALID"
    )
    store, ann = FaceLibraryStore(world.db.api), user("ann")
    reads = [
        store.glanced(ann, 1),
        store.faces(ann, Wanted(Of.ASSET, world.asset_id), 10, None),
        store.anonymous(ann, 1, 10, None),
        store.spot(ann, world.faces[0]),
    ]
    for read in reads:
        with pytest.raises(asyncpg.CheckViolationError, match="full_now"):
            await read


async def test_matching_is_answered_by_whom_it_is_wired_to(world: World) -> None:
    """The servicer passes MatchPeople on."""
    answer = await world.ann.MatchPeople(messages.MatchPeopleRequest(face_id=str(uuid.uuid4())))
    assert "asked" == answer.space_id
