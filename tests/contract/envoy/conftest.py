# ruff: noqa: N802, ARG002 - the contract names the methods and their arguments
"""An edge in front of small gRPC servers that say what reached them."""

import threading
import zlib
from concurrent import futures
from pathlib import Path

import grpc
import httpx
import pytest
from google.api.httpbody_pb2 import HttpBody
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from kioku.assets.v1 import asset_pb2, asset_service_pb2, asset_service_pb2_grpc
from kioku.embedder.v1 import embedder_service_pb2, embedder_service_pb2_grpc
from kioku.face.v1 import face_service_pb2, face_service_pb2_grpc
from kioku.search.v1 import (
    face_vector_service_pb2,
    face_vector_service_pb2_grpc,
    index_service_pb2,
    index_service_pb2_grpc,
    search_service_pb2,
    search_service_pb2_grpc,
    space_service_pb2,
    space_service_pb2_grpc,
)
from kioku.vlm.v1 import (
    observation_pb2,
    schedule_service_pb2,
    schedule_service_pb2_grpc,
    theme_service_pb2,
    theme_service_pb2_grpc,
)
from kioku_rt.auth import DevIssuer
from kioku_stack.envoy import Edge

_OPTIONS = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 17 * 2**20)]


class Seen(list):
    """What reached the servers: (method, request, metadata), in order; `go_on` ends a stream."""

    def __init__(self):
        super().__init__()
        self.go_on = threading.Event()

    def note(self, request, context):
        """Remember one call."""
        self.append((type(request).__name__, request, dict(context.invocation_metadata())))


def _not_found(context):
    detail = any_pb2.Any()
    detail.Pack(
        error_details_pb2.ErrorInfo(
            reason="ASSET_NOT_FOUND", domain="kioku", metadata={"asset_id": "gone"}
        )
    )
    status = status_pb2.Status(code=code_pb2.NOT_FOUND, message="No such asset.", details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.NOT_FOUND, "No such asset.")


class Assets(asset_service_pb2_grpc.AssetServiceServicer):
    """Answers with what it was asked."""

    def __init__(self, seen):
        self.seen = seen

    def CreateUpload(self, request, context):
        self.seen.note(request, context)
        asset = asset_pb2.Asset(asset_id="a", filename=request.filename, tags=request.tags)
        return asset_service_pb2.CreateUploadResponse(asset=asset)

    def GetAsset(self, request, context):
        self.seen.note(request, context)
        if request.asset_id == "gone":
            _not_found(context)
        return asset_service_pb2.GetAssetResponse(asset=asset_pb2.Asset(asset_id=request.asset_id))

    def UpdateAsset(self, request, context):
        self.seen.note(request, context)
        return asset_service_pb2.UpdateAssetResponse(asset=request.asset)

    def ListAssets(self, request, context):
        self.seen.note(request, context)
        return asset_service_pb2.ListAssetsResponse(next_page_token=str(request.page_size))

    def ListFrames(self, request, context):
        self.seen.note(request, context)
        frame = asset_pb2.VideoFrame(frame_no=request.page_size, time_ms=1500)
        return asset_service_pb2.ListFramesResponse(frames=[frame])

    def GetDownloadUrl(self, request, context):
        self.seen.note(request, context)
        return asset_service_pb2.GetDownloadUrlResponse(url="https://x")

    def WatchAsset(self, request, context):
        self.seen.note(request, context)
        for state in (asset_pb2.ASSET_STATE_PROCESSING, asset_pb2.ASSET_STATE_READY):
            asset = asset_pb2.Asset(asset_id=request.asset_id, state=state)
            yield asset_service_pb2.WatchAssetResponse(asset=asset)
            if request.asset_id == "gated":
                assert self.seen.go_on.wait(10)


class Search(search_service_pb2_grpc.SearchServiceServicer):
    """Answers with the size of what it was asked."""

    def __init__(self, seen):
        self.seen = seen

    def Search(self, request, context):
        self.seen.note(request, context)
        hit = search_service_pb2.Hit(asset_id=request.text or str(len(request.image)))
        return search_service_pb2.SearchResponse(hits=[hit])


class Spaces(space_service_pb2_grpc.SpaceServiceServicer):
    """Answers with the space that was named."""

    def __init__(self, seen):
        self.seen = seen

    def PromoteSpace(self, request, context):
        self.seen.note(request, context)
        return space_service_pb2.PromoteSpaceResponse(previous_space_id=request.space_id)

    def RollbackSpace(self, request, context):
        self.seen.note(request, context)
        return space_service_pb2.RollbackSpaceResponse()

    def GetBackfill(self, request, context):
        self.seen.note(request, context)
        job = space_service_pb2.Backfill(space_id=request.space_id)
        return space_service_pb2.GetBackfillResponse(backfill=job)


class Indexes(index_service_pb2_grpc.IndexServiceServicer):
    """Answers with the space it was asked about."""

    def __init__(self, seen):
        self.seen = seen

    def GetIndex(self, request, context):
        self.seen.note(request, context)
        index = index_service_pb2.Index(space_id=request.space_id)
        return index_service_pb2.GetIndexResponse(index=index)

    def TuneIndex(self, request, context):
        self.seen.note(request, context)
        return index_service_pb2.TuneIndexResponse()

    def ImportVectors(self, request_iterator, context):
        count = sum(len(request.asset_ids) for request in request_iterator)
        return index_service_pb2.ImportVectorsResponse(imported=count)


class Embedder(embedder_service_pb2_grpc.EmbedderServiceServicer):
    """Answers with length and checksum of the picture."""

    def __init__(self, seen, name):
        self.seen = seen
        self.name = name

    def Embed(self, request, context):
        self.seen.note(request, context)
        data = request.image.data
        vector = [float(len(data)), float(zlib.crc32(data) % 65536)]
        return embedder_service_pb2.EmbedResponse(embedding=vector)

    def EmbedImage(self, request, context):
        self.seen.note(request, context)
        return embedder_service_pb2.EmbedImageResponse(space_id=str(len(request.image)))

    def EmbedText(self, request, context):
        self.seen.note(request, context)
        return embedder_service_pb2.EmbedTextResponse(space_id=self.name)

    def LabelImage(self, request, context):
        self.seen.note(request, context)
        labels = [
            embedder_service_pb2.LabelScore(label=label, score=1 / (2 + number))
            for number, label in enumerate(request.labels)
        ]
        return embedder_service_pb2.LabelImageResponse(
            calibration=embedder_service_pb2.LABEL_CALIBRATION_INDEPENDENT, labels=labels
        )

    def EmbedImages(self, request_iterator, context):
        for request in request_iterator:
            yield embedder_service_pb2.EmbedImagesResponse(key=request.key)


class Faces(face_service_pb2_grpc.FaceServiceServicer):
    """Answers with what it was asked."""

    def __init__(self, seen):
        self.seen = seen

    def MatchPeople(self, request, context):
        self.seen.note(request, context)
        return face_service_pb2.MatchPeopleResponse(space_id=str(len(request.image)))

    def ListFaces(self, request, context):
        self.seen.note(request, context)
        return face_service_pb2.ListFacesResponse(next_page_token=request.asset_id)


class Schedules(schedule_service_pb2_grpc.ScheduleServiceServicer):
    """Answers with what it was asked."""

    def __init__(self, seen):
        self.seen = seen

    def ExtractSchedule(self, request, context):
        self.seen.note(request, context)
        return schedule_service_pb2.ExtractScheduleResponse(
            status="observation-pending", observation_id=str(len(request.image))
        )

    def UpdateEntry(self, request, context):
        self.seen.note(request, context)
        return schedule_service_pb2.UpdateEntryResponse(entry=request.entry)

    def ListObservations(self, request, context):
        self.seen.note(request, context)
        return schedule_service_pb2.ListObservationsResponse(next_page_token=request.asset_id)

    def ExportCalendar(self, request, context):
        self.seen.note(request, context)
        body = HttpBody(
            content_type="text/calendar; charset=utf-8", data=b"BEGIN:VCALENDAR\r\n" * 2
        )
        return schedule_service_pb2.ExportCalendarResponse(calendar=body)

    def WatchObservation(self, request, context):
        self.seen.note(request, context)
        for version in (0, 1):
            observation = observation_pb2.Observation(
                observation_id=request.observation_id, version=version
            )
            yield schedule_service_pb2.WatchObservationResponse(observation=observation)


class Themes(theme_service_pb2_grpc.ThemeServiceServicer):
    """Names one theme."""

    def __init__(self, seen):
        self.seen = seen

    def SuggestThemes(self, request, context):
        self.seen.note(request, context)
        return theme_service_pb2.SuggestThemesResponse(
            themes=[theme_service_pb2.Theme(theme_id="dog", title="犬")], language="ja"
        )


class FaceVectors(face_vector_service_pb2_grpc.FaceVectorServiceServicer):
    """Is never to be reached through the edge."""

    def __init__(self, seen):
        self.seen = seen

    def NearestFaces(self, request, context):
        self.seen.note(request, context)
        return face_vector_service_pb2.NearestFacesResponse()


def start_server(add, servicer):
    """A gRPC server with health on a free port: (server, port)."""
    server = grpc.server(futures.ThreadPoolExecutor(8), options=_OPTIONS)
    add(servicer, server)
    if isinstance(servicer, Assets):
        search_service_pb2_grpc.add_SearchServiceServicer_to_server(Search(servicer.seen), server)
        space_service_pb2_grpc.add_SpaceServiceServicer_to_server(Spaces(servicer.seen), server)
        index_service_pb2_grpc.add_IndexServiceServicer_to_server(Indexes(servicer.seen), server)
        face_vector_service_pb2_grpc.add_FaceVectorServiceServicer_to_server(
            FaceVectors(servicer.seen), server
        )
    if isinstance(servicer, Schedules):
        theme_service_pb2_grpc.add_ThemeServiceServicer_to_server(Themes(servicer.seen), server)
    checks = health.HealthServicer()
    checks.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


@pytest.fixture(scope="session")
def seen():
    """What reached the servers behind the edge."""
    return Seen()


@pytest.fixture(scope="session")
def edge_issuer(stack_dir):
    """Signs tokens that the edge takes."""
    return DevIssuer(stack_dir / "edge-issuer")


@pytest.fixture(scope="session")
def grpc_backends(seen):
    """Ports of one search server and two embedders, and their servers by port."""
    add_embedder = embedder_service_pb2_grpc.add_EmbedderServiceServicer_to_server
    started = [
        start_server(asset_service_pb2_grpc.add_AssetServiceServicer_to_server, Assets(seen)),
        start_server(add_embedder, Embedder(seen, "one")),
        start_server(add_embedder, Embedder(seen, "two")),
    ]
    yield [port for _, port in started]
    for server, _ in started:
        server.stop(None).wait()


@pytest.fixture(scope="session")
def face_backend(seen):
    """Port of one face server."""
    add = face_service_pb2_grpc.add_FaceServiceServicer_to_server
    server, port = start_server(add, Faces(seen))
    yield port
    server.stop(None).wait()


@pytest.fixture(scope="session")
def vlm_backend(seen):
    """Port of one server of schedules."""
    add = schedule_service_pb2_grpc.add_ScheduleServiceServicer_to_server
    server, port = start_server(add, Schedules(seen))
    yield port
    server.stop(None).wait()


@pytest.fixture(scope="session")
def make_edge(envoy_factory, edge_issuer, grpc_backends, face_backend, vlm_backend):
    """`make_edge(storage_port, **more)`: an edge in front of the gRPC servers."""

    def make(storage_port, **more):
        search, *embedders = [("127.0.0.1", port) for port in grpc_backends]
        faces = [("127.0.0.1", face_backend)]
        vlms = [("127.0.0.1", vlm_backend)]
        wanted = {"search": [search], "embedder": embedders, "face": faces, "vlm": vlms, **more}
        return envoy_factory(
            Edge(
                storage=[("127.0.0.1", storage_port)],
                bucket="kioku",
                jwks_file=Path(edge_issuer.jwks_path),
                issuer=edge_issuer.issuer,
                audience=edge_issuer.audience,
                cors_origins=["https://app.example"],
                **wanted,
            )
        )

    return make


@pytest.fixture(scope="session")
def edge(make_edge):
    """An edge with nothing behind its storage route."""
    return make_edge(9)


@pytest.fixture(scope="session")
def token(edge_issuer):
    """A user's token."""
    return edge_issuer.mint("user-1")


@pytest.fixture
def web(edge, token):
    """An HTTP client of the edge that sends the token."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=edge.url, headers=headers, timeout=30) as client:
        yield client
