"""`kioku face …` against servers in this process: what people and scripts read.

People are the real service; the others answer what the test tells them, and note what was asked.
"""

from __future__ import annotations

import asyncio
import io
import json
import uuid
from typing import Any

import pytest
import pytest_asyncio
import structlog
from google.protobuf.timestamp_pb2 import Timestamp
from kioku.face.v1 import audit_service_pb2 as audit_pb
from kioku.face.v1 import audit_service_pb2_grpc as audit_grpc
from kioku.face.v1 import consent_service_pb2 as consent_pb
from kioku.face.v1 import consent_service_pb2_grpc as consent_grpc
from kioku.face.v1 import face_pb2
from kioku.face.v1 import face_service_pb2 as face_service_pb
from kioku.face.v1 import face_service_pb2_grpc as face_grpc
from kioku_cli import session as sessions
from kioku_cli.main import app
from kioku_cli.refusal import Refusal
from kioku_rt.auth import current_principal
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.rpc import Registration, channel
from PIL import Image
from typer.testing import CliRunner

from tests.integration.face.people.rig import found_face
from tests.integration.face.people.serving import serving

MOMENT = Timestamp(seconds=1_700_000_000)


class Told:
    """Answers every rpc with what it was told, in turn, and keeps who asked what."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[tuple[str, Any, Any]] = []
        for name, answer in answers.items():
            setattr(self, name, self._rpc(name, answer))

    def _rpc(self, name: str, answer: Any) -> Any:
        async def rpc(request: Any, _context: Any) -> Any:
            kept = type(request)()
            kept.CopyFrom(request)
            self.asked.append((name, current_principal(), kept))
            found = answer(request) if callable(answer) else answer
            if isinstance(found, Exception):
                raise found
            return found

        return rpc

    def last(self, name: str) -> Any:
        return [request for asked, _, request in self.asked if asked == name][-1]


def jpeg(colour: str) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(held, "JPEG")
    return held.getvalue()


def face(number: int = 1, **fields: Any) -> face_pb2.Face:
    quality = face_pb2.Quality(score=0.75, flaws=["FACE_BLURRED"])
    return face_pb2.Face(face_id=f"face-{number}", quality=quality, **fields)


def erased(_request: Any) -> consent_pb.WithdrawConsentResponse:
    erasure = consent_pb.Erasure(erasure_id="e-1", state=consent_pb.ERASURE_STATE_PENDING, faces=3)
    state = consent_pb.Consent(version=2, state=face_pb2.CONSENT_STATE_WITHDRAWN)
    return consent_pb.WithdrawConsentResponse(consent=state, erasure=erasure)


def candidates(request: face_service_pb.MatchPeopleRequest) -> Any:
    who = face_service_pb.Candidate(person_id="p-1", name="Ada", score=0.8125, confidence=0.97)
    matches = [
        face_service_pb.FaceMatch(face=face(), candidates=[who]),
        face_service_pb.FaceMatch(face=face(2), reason="FACE_UNKNOWN"),
    ]
    return face_service_pb.MatchPeopleResponse(matches=matches if request.image else [])


def crop(request: face_service_pb.GetFaceCropRequest) -> Any:
    if request.face_id == "face-2":
        return KiokuError(Reason.FACE_NOT_FOUND)
    return face_service_pb.GetFaceCropResponse(image=jpeg("red"), content_type="image/jpeg")


@pytest_asyncio.fixture
async def told(library, tmp_path, monkeypatch):
    """The servers, and sessions of commands that reach them."""
    granted = consent_pb.Consent(
        version=1, state=face_pb2.CONSENT_STATE_GRANTED, text_version="v1", actor="ann",
        create_time=MOMENT,
    )  # fmt: skip
    entry = consent_pb.AuditEntry(
        entry_id=7, actor="ann", action="person.merge", subject="p-1", outcome="ok",
        create_time=MOMENT,
    )  # fmt: skip
    faces = Told(
        ListFaces=face_service_pb.ListFacesResponse(
            faces=[face(1, person_id="p-1"), face(2, frame_no=3, time_ms=1500)]
        ),
        ListAnonymousPeople=face_service_pb.ListAnonymousPeopleResponse(
            people=[face_pb2.AnonymousPerson(anonymous_id="nobody-known", face_count=4)]
        ),
        MatchPeople=candidates,
        GetFaceCrop=crop,
    )
    consents = Told(
        GrantConsent=consent_pb.GrantConsentResponse(consent=granted),
        WithdrawConsent=erased,
        ListConsents=consent_pb.ListConsentsResponse(consents=[granted]),
        ExportPerson=consent_pb.ExportPersonResponse(consents=[granted], audit=[entry]),
    )
    verdict = audit_pb.VerifyAuditResponse(intact=True, sealed=12, unsealed=1)
    audit = Told(
        ListAuditEntries=audit_pb.ListAuditEntriesResponse(entries=[entry]),
        VerifyAudit=verdict,
    )
    others = [
        Registration(
            "kioku.face.v1.FaceService", face_grpc.add_FaceServiceServicer_to_server, faces
        ),
        Registration(
            "kioku.face.v1.ConsentService",
            consent_grpc.add_ConsentServiceServicer_to_server,
            consents,
        ),
        Registration(
            "kioku.face.v1.AuditService", audit_grpc.add_AuditServiceServicer_to_server, audit
        ),
    ]
    complete(faces, consents, audit)
    with structlog.testing.capture_logs():
        async with serving(library, tmp_path / "issuer", others) as server:
            monkeypatch.setattr(sessions, "Session", session_of(server))
            server.faces, server.consents, server.audit = faces, consents, audit
            server.verdict = verdict
            yield server


def complete(faces: Told, consents: Told, audit: Told) -> None:
    """Rpcs that no command uses."""
    for told, names in (
        (faces, ["DetectFaces"]),
        (consents, ["GetErasure"]),
        (audit, []),
    ):
        for name in names:
            setattr(told, name, told._rpc(name, KiokuError(Reason.FACE_NOT_FOUND)))


def session_of(server: Any) -> Any:
    """A class of sessions as commands open them, in whichever loop a command runs."""

    class ServerSession(sessions.Session):
        def __init__(self, _data: Any, user: str, scopes: Any = ()) -> None:
            token = server.issuer.mint(user, service=bool(scopes), scopes=scopes, ttl=300.0)
            self._channel = channel(
                f"127.0.0.1:{server.port}", token=lambda: token, default_timeout=20
            )
            self._open_stubs()

    return ServerSession


@pytest.fixture
def kioku(told):
    """Runs a command in a thread of its own; what it printed, or the refusal it ended with."""

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["face", *words])
        if isinstance(result.exception, Refusal):
            raise result.exception
        assert 0 == result.exit_code, result.output
        return result.stdout

    async def call(*words: str, user: str = "ann") -> str:
        as_user = [] if words[0] == "audit" else ["--user", user]
        return await asyncio.to_thread(run, *words, *as_user)

    return call


async def test_people_from_the_command_line(library, told, kioku, tmp_path):
    """A life of two people, as text and as JSON."""
    ada = json.loads(await kioku("person", "add", "Ada", "--collection", "family", "--json"))
    assert ("Ada", "family") == (ada["name"], ada["collection_id"])
    assert "never asked" in await kioku("person", "show", ada["person_id"])
    ben = json.loads(await kioku("person", "add", "Ben", "--json"))
    for one in (ada, ben):
        await library.consent("ann", uuid.UUID(one["person_id"]))
    picture = tmp_path / "ada.jpg"
    picture.write_bytes(jpeg("blue"))
    told.finder.faces = (found_face(),)
    assert "Known by face" in await kioku("enroll", ada["person_id"], str(picture))
    face_id = str(await library.face("ann"))
    known = json.loads(await kioku("enroll", ben["person_id"], face_id, "--json"))
    assert face_id == known["face"]["face_id"]
    assert "Ada: 2 faces. (change " in await kioku("assign", ada["person_id"], face_id)
    assert "Not theirs. (change " in await kioku("reject", ada["person_id"], face_id)
    unknown = str(uuid.uuid4())
    await library.face("ann", anonymous_id=uuid.UUID(unknown))
    assert "Ben: 1 faces" in await kioku("name", unknown, ben["person_id"])
    merged = json.loads(await kioku("merge", ben["person_id"], ada["person_id"], "--json"))
    assert "2" == merged["person"]["face_count"]
    assert "As before." in await kioku("undo", merged["change_id"])
    assert "merge (undone)" in await kioku("changes", "--person", ben["person_id"])
    assert 7 == len(json.loads(await kioku("changes", "--json")))
    assert "Benno" in await kioku("person", "rename", ben["person_id"], "Benno")
    assert "hidden yes" in " ".join((await kioku("person", "hide", ben["person_id"])).split())
    assert "Benno" not in await kioku("people")
    assert "Benno" in await kioku("person", "list", "--hidden")
    assert "no" in await kioku("person", "hide", ben["person_id"], "--no")
    assert "the erasure goes on" in await kioku("person", "delete", ben["person_id"])
    with pytest.raises(Refusal, match="no such person"):
        await kioku("person", "show", ada["person_id"], user="bob")
    assert "There are no people yet." in await kioku("people", user="bob")


async def test_faces_consent_and_audit_from_the_command_line(told, kioku, tmp_path):
    """What is asked of the other services, and what is printed of their answers."""
    listed = await kioku("list", "some-asset")
    assert all(word in listed for word in ("face-1", "1.5 s", "0.75", "FACE_BLURRED"))
    assert "some-asset" == told.faces.last("ListFaces").asset_id
    assert "nobody-known" in await kioku("unknown", "--min-faces", "3")
    assert 3 == told.faces.last("ListAnonymousPeople").min_faces
    picture = tmp_path / "who.jpg"
    picture.write_bytes(jpeg("blue"))
    matched = await kioku("match", str(picture), "--purpose", "a test", "--min-score", "0.5")
    assert all(word in matched for word in ("0.812", "0.97", "Ada", "FACE_UNKNOWN"))
    asked = told.faces.last("MatchPeople")
    assert ("a test", 0.5, picture.read_bytes()) == (asked.purpose, asked.min_score, asked.image)
    assert "granted, version 1" in await kioku(
        "consent", "grant", "p", "v1", "--until", "9000-01-01"
    )
    assert told.consents.last("GrantConsent").HasField("expire_time")
    assert "erasure e-1 of 3 faces: pending" in await kioku("consent", "withdraw", "p")
    assert "v1" in await kioku("consent", "history", "p")
    assert "person.merge" in await kioku("consent", "export", "p")
    assert "person.merge" in await kioku("audit", "list", "--actor", "ann")
    assert "12 entries are sealed" in await kioku("audit", "verify")
    _, principal, _ = told.audit.asked[-1]
    assert (True, {"audit.read"}) == (principal.service, principal.scopes)


async def test_a_broken_audit_ends_in_a_refusal(told, kioku):
    """With the seal that does not hold."""
    told.verdict.intact, told.verdict.broken_seal = False, 4
    with pytest.raises(Refusal, match="seal 4 does not hold"):
        await kioku("audit", "verify")


async def test_a_sheet_of_people(library, kioku, tmp_path):
    """Names and crops, known people and unknown ones, as a page and as a picture."""
    await library.person("ann", "Ada <b>")
    page = tmp_path / "people.html"
    made = json.loads(await kioku("sheet", str(page), "--json"))
    assert {"file": str(page), "people": 2, "faces": 4} == made
    text = page.read_text()
    assert "Ada &lt;b&gt;" in text
    assert "unknown nobody-k" in text
    assert 2 == text.count("data:image/jpeg;base64,")
    picture = tmp_path / "people.jpg"
    assert "1 people, 2 faces" in await kioku("sheet", str(picture), "--no-unknown")
    with Image.open(picture) as sheet:
        pixels = sheet.convert("RGB")
    red, _, blue = pixels.getpixel((60, 80))
    assert red > 200 > 100 > blue
    with pytest.raises(Refusal, match="cannot be written"):
        await kioku("sheet", str(tmp_path / "no" / "folder.jpg"))
