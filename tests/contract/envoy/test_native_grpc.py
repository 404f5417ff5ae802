# ruff: noqa: N802, ARG002 - the contract names the methods and their arguments
"""Native gRPC through the edge, and endpoints that die."""

import threading
import time
from collections import Counter
from concurrent import futures

import grpc
import httpx
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from kioku.assets.v1 import asset_service_pb2, asset_service_pb2_grpc
from kioku.embedder.v1 import embedder_service_pb2, embedder_service_pb2_grpc
from kioku_stack.ports import reserve


@pytest.fixture
def grpc_edge(edge, token):
    """A channel to the edge, and the metadata that carries the token."""
    with grpc.insecure_channel(f"127.0.0.1:{edge.port}") as channel:
        yield channel, (("authorization", f"Bearer {token}"),)


def test_unary(grpc_edge):
    """A unary call passes as it is."""
    channel, metadata = grpc_edge
    stub = asset_service_pb2_grpc.AssetServiceStub(channel)
    answer = stub.GetAsset(
        asset_service_pb2.GetAssetRequest(asset_id="n1"), metadata=metadata, timeout=5
    )
    assert answer.asset.asset_id == "n1"


def test_error_details_pass(grpc_edge):
    """The rich status of a service reaches the caller whole."""
    channel, metadata = grpc_edge
    stub = asset_service_pb2_grpc.AssetServiceStub(channel)
    with pytest.raises(grpc.RpcError) as caught:
        stub.GetAsset(
            asset_service_pb2.GetAssetRequest(asset_id="gone"), metadata=metadata, timeout=5
        )
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    details = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
    assert b"ASSET_NOT_FOUND" in details


def test_duplex_stream(grpc_edge):
    """A duplex stream answers while it is still open for sending."""
    channel, metadata = grpc_edge
    stub = embedder_service_pb2_grpc.EmbedderServiceStub(channel)
    more = threading.Event()

    def requests():
        yield embedder_service_pb2.EmbedImagesRequest(key="first")
        assert more.wait(5)
        yield embedder_service_pb2.EmbedImagesRequest(key="second")

    answers = stub.EmbedImages(requests(), metadata=metadata, timeout=10)
    assert next(answers).key == "first"
    more.set()
    assert [answer.key for answer in answers] == ["second"]


def test_no_token_is_unauthenticated(grpc_edge):
    """Without a token a native call is UNAUTHENTICATED, in gRPC's own words."""
    channel, _ = grpc_edge
    stub = asset_service_pb2_grpc.AssetServiceStub(channel)
    with pytest.raises(grpc.RpcError) as caught:
        stub.GetAsset(asset_service_pb2.GetAssetRequest(asset_id="n1"), timeout=5)
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_wrong_audience_is_unauthenticated(grpc_edge, edge_issuer, stack_dir):
    """A token for another audience is UNAUTHENTICATED, as one with any other fault."""
    other = type(edge_issuer)(stack_dir / "edge-issuer", audience="other").mint("user-1")
    stub = asset_service_pb2_grpc.AssetServiceStub(grpc_edge[0])
    with pytest.raises(grpc.RpcError) as caught:
        stub.GetAsset(
            asset_service_pb2.GetAssetRequest(asset_id="n1"),
            metadata=(("authorization", f"Bearer {other}"),),
            timeout=5,
        )
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_calls_go_round(web):
    """Two embedders share the calls."""
    names = Counter(
        web.post("/v1/texts:embed", json={"text": "x"}).json()["space_id"] for _ in range(20)
    )
    assert set(names) == {"one", "two"}
    assert min(names.values()) >= 5


def test_dead_endpoint_leaves_and_returns(make_edge, token):
    """Calls stop going to a dead process within seconds, and go to it again once it is back."""
    ports = [reserve(), reserve()]
    servers = [_named_embedder(str(port), port) for port in ports]
    edge = make_edge(9, embedder=[("127.0.0.1", port) for port in ports])
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=edge.url, headers=headers) as client:
        assert _answering(client) == {str(port) for port in ports}
        servers[0].stop(None).wait()
        _until(lambda: _answering(client) == {str(ports[1])})
        servers[0] = _named_embedder(str(ports[0]), ports[0])
        _until(lambda: _answering(client) == {str(port) for port in ports})
        for server in servers:
            server.stop(None).wait()
        _until(lambda: client.get("/readyz").status_code == 503)
        answer = client.post("/v1/texts:embed", json={"text": "x"})
        assert answer.status_code == 503
        assert answer.json()["details"][0]["reason"] == "DEPENDENCY_UNAVAILABLE"


class _Named(embedder_service_pb2_grpc.EmbedderServiceServicer):
    def __init__(self, name):
        self.name = name

    def EmbedText(self, request, context):
        return embedder_service_pb2.EmbedTextResponse(space_id=self.name)


def _named_embedder(name, port):
    server = grpc.server(futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
    embedder_service_pb2_grpc.add_EmbedderServiceServicer_to_server(_Named(name), server)
    checks = health.HealthServicer()
    checks.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server


def _answering(client):
    answers = [client.post("/v1/texts:embed", json={"text": "x"}) for _ in range(6)]
    return {answer.json().get("space_id", "none") for answer in answers}


def _until(condition, timeout=10.0):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
