"""Signed transfers through the edge: streamed, Host kept, no token needed."""

import time

import httpx
import pytest

MIB = 2**20


@pytest.fixture(scope="module")
def storage_edge(make_edge, swift_server):
    """An edge in front of a real object store with the bucket `kioku`."""
    swift_server.create_bucket("kioku")
    return make_edge(swift_server.port)


@pytest.fixture(scope="module")
def signer(storage_edge, swift_server):
    """A boto3 client that signs for the edge's address."""
    return swift_server.client(storage_edge.url)


def _sign(signer, method, key, ttl=60, **more):
    return signer.generate_presigned_url(
        method, Params={"Bucket": "kioku", "Key": key, **more}, ExpiresIn=ttl
    )


def test_put_and_get_by_signed_url(signer):
    """A PUT and a GET whose signatures cover the edge's Host are honoured."""
    body = bytes(range(256)) * 64
    url = _sign(signer, "put_object", "in/1", ContentType="image/jpeg", ContentLength=len(body))
    put = httpx.put(url, content=body, headers={"Content-Type": "image/jpeg"})
    got = httpx.get(_sign(signer, "get_object", "in/1"))
    assert put.status_code == 200
    assert got.content == body
    assert got.headers["x-content-type-options"] == "nosniff"


def test_large_put_is_streamed(signer):
    """A body far above the limits of JSON bodies passes in pieces."""
    url = _sign(signer, "put_object", "in/large", ContentLength=64 * MIB)
    pieces = (b"p" * MIB for _ in range(64))
    put = httpx.put(url, content=pieces, headers={"Content-Length": str(64 * MIB)}, timeout=120)
    assert put.status_code == 200
    assert signer.head_object(Bucket="kioku", Key="in/large")["ContentLength"] == 64 * MIB


def test_other_length_or_type_is_refused(signer):
    """What was signed is what may be sent."""
    url = _sign(signer, "put_object", "in/2", ContentType="image/png", ContentLength=3)
    assert httpx.put(url, content=b"four", headers={"Content-Type": "image/png"}).status_code == 403
    assert httpx.put(url, content=b"123", headers={"Content-Type": "text/html"}).status_code == 403


def test_altered_expired_and_unsigned_are_refused(signer, storage_edge):
    """No valid signature, no transfer."""
    url = _sign(signer, "put_object", "in/3", ttl=1)
    other_key = _sign(signer, "put_object", "in/3").replace("in/3", "in/4")
    time.sleep(2.1)
    assert httpx.put(url, content=b"x").status_code == 403
    assert httpx.put(other_key, content=b"x").status_code == 403
    assert httpx.get(f"{storage_edge.url}/kioku/in/3").status_code in {400, 403}


def test_only_transfers_pass(signer, storage_edge):
    """Listing, deleting and posting are not offered, even signed."""
    delete = _sign(signer, "delete_object", "in/1")
    listing = signer.generate_presigned_url("list_objects_v2", Params={"Bucket": "kioku"})
    assert httpx.delete(delete).status_code == 404
    assert httpx.get(listing).status_code in {401, 404}
    assert httpx.post(f"{storage_edge.url}/kioku/in/1").status_code == 404


def test_walking_out_of_the_bucket_needs_a_token(storage_edge):
    """A path that only starts like the bucket's is judged by where it leads."""
    target = f"{storage_edge.url}/kioku/../v1/assets/x"
    with httpx.Client() as client:
        request = client.build_request("GET", storage_edge.url)
        request.url = request.url.copy_with(raw_path=b"/kioku/../v1/assets/x")
        assert client.send(request).status_code == 401, target


def test_preflight_of_an_upload(signer):
    """A browser app may PUT to a signed URL."""
    answer = httpx.options(
        _sign(signer, "put_object", "in/5", ContentType="image/jpeg"),
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "PUT" in answer.headers["access-control-allow-methods"]
