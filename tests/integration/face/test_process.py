"""The process as it is started: with a usable pack it serves, without one it says why and ends."""

from __future__ import annotations

import asyncio
import io
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from kioku.face.v1 import face_service_pb2 as messages
from kioku.face.v1.face_service_pb2_grpc import FaceServiceStub
from kioku_face.main import EXIT_UNUSABLE, open_service
from kioku_face.settings import Settings
from kioku_rt.auth import DevIssuer
from kioku_rt.rpc import channel
from PIL import Image

from tests.integration.face.rig import Db
from tests.unit.face.drawn_graphs import picture, write_pack


async def test_a_missing_pack_is_one_sentence(tmp_path: Path) -> None:
    """Exit code 78; the sentence names the folder. No server is asked for before."""
    folder = tmp_path / "no-such-pack"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kioku_face",
        env={"KIOKU_FACE_PACK": str(folder), "KIOKU_JWKS": "none"},
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert EXIT_UNUSABLE == process.returncode
    assert str(folder) in said.decode()
    assert "Traceback" not in said.decode()


async def test_a_pack_of_graphs_finds_faces(db: Db, event_log: Any, tmp_path: Path) -> None:
    """The whole service as main opens it: real graphs, real decoders; a picture in, faces out."""
    issuer = DevIssuer(tmp_path / "issuer")
    settings = Settings(
        face_api_dsn=db.dsns["face_api"],
        face_worker_dsn=db.dsns["face_worker"],
        face_sealer_dsn=db.dsns["face_sealer"],
        jwks=str(tmp_path / "issuer" / "jwks.json"),
        nats_url=event_log.url,
        face_pack=write_pack(tmp_path / "pack"),
        face_processes=1,
    )
    shown = io.BytesIO()
    Image.fromarray(picture(320, 240, (4, 4, 16))).save(shown, "PNG")
    async with AsyncExitStack() as resources:
        running = await open_service(settings, resources)
        assert running.server is not None
        port = await running.server.start()
        await running.pings["engine"]()
        token = issuer.mint("ann")
        async with channel(f"127.0.0.1:{port}", token=lambda: token, default_timeout=30) as one:
            stub = FaceServiceStub(one)
            answer = await stub.DetectFaces(messages.DetectFacesRequest(image=shown.getvalue()))
        await running.server.drain()
    assert (320, 240) == (answer.width, answer.height)
    assert 1 == len(answer.faces)
    assert 1 == len(await db.audited("face.detect"))
