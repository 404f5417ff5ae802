"""Signed URLs against the real server: they allow one request and nothing beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from kioku_rt.objects import S3ObjectStore

Make = Callable[..., S3ObjectStore]
REFUSED = {400, 403, 405, 412}  # Swift says 412 where nothing names an account
PNG = {"Content-Type": "image/png"}


@pytest.fixture
def store(s3: Make) -> S3ObjectStore:
    """The real store."""
    return s3()


async def test_a_signed_put_stores_exactly_what_was_announced(store: S3ObjectStore) -> None:
    """The client sends the two headers it was given."""
    signed = await store.sign_put("incoming/a", content_type="image/png", size=5)
    async with httpx.AsyncClient() as client:
        answer = await client.put(signed.url, content=b"12345", headers=dict(signed.headers))
    assert 200 == answer.status_code
    found = await store.head("incoming/a")
    assert found is not None
    assert (5, "image/png") == (found.size, found.content_type)


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"1234", PNG),
        (b"123456", PNG),
        (b"12345", {"Content-Type": "text/html"}),
        (b"12345", {}),
    ],
    ids=["shorter", "longer", "other type", "no type"],
)
async def test_other_requests_are_refused(
    store: S3ObjectStore, content: bytes, headers: dict[str, str]
) -> None:
    """Another length or type does not match the signature, and nothing is stored."""
    signed = await store.sign_put("incoming/a", content_type="image/png", size=5)
    async with httpx.AsyncClient() as client:
        answer = await client.put(signed.url, content=content, headers=headers)
    assert 403 == answer.status_code
    assert None is await store.head("incoming/a")


async def test_a_body_of_unknown_length_is_refused(store: S3ObjectStore) -> None:
    """Chunked transfer does not get round the signed length."""

    async def endless() -> object:
        yield b"12345"

    signed = await store.sign_put("incoming/a", content_type="image/png", size=5)
    async with httpx.AsyncClient() as client:
        answer = await client.put(signed.url, content=endless(), headers=PNG)  # type: ignore[arg-type]
    assert answer.status_code in {400, 403, 411}
    assert None is await store.head("incoming/a")


async def test_altered_urls_are_refused(store: S3ObjectStore) -> None:
    """Signature, key, expiry and method are what was signed, or nothing is."""
    await store.put("incoming/a", b"mine", "image/png")
    await store.put("incoming/b", b"other", "image/png")
    url = (await store.sign_get("incoming/a")).url
    last = "0" if url[-1] != "0" else "1"
    altered = [
        url[:-1] + last,
        url.replace("incoming/a", "incoming/b"),
        url.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"),
    ]
    async with httpx.AsyncClient() as client:
        assert 200 == (await client.get(url)).status_code
        assert {403} == {(await client.get(other)).status_code for other in altered}
        for method in ("PUT", "DELETE"):
            assert (await client.request(method, url)).status_code in REFUSED, method
    assert ["incoming/a", "incoming/b"] == await store.list_prefix("incoming/")


async def test_an_expired_url_is_refused(s3: Make) -> None:
    """A second after its time a URL is worth nothing."""
    store = s3(url_ttl_seconds=3)
    await store.put("k", b"mine", "image/png")
    url = (await store.sign_get("k")).url
    async with httpx.AsyncClient() as client:
        assert 200 == (await client.get(url)).status_code
        await asyncio.sleep(4.1)
        assert 403 == (await client.get(url)).status_code


async def test_strangers_see_nothing(store: S3ObjectStore) -> None:
    """Without a signature there is no list, no read and no write."""
    await store.put("k", b"mine", "image/png")
    address = urlsplit((await store.sign_get("k")).url)
    bucket = f"{address.scheme}://{address.netloc}/{address.path.split('/')[1]}"
    async with httpx.AsyncClient() as client:
        for method, url in (
            ("GET", bucket),
            ("GET", f"{bucket}/k"),
            ("PUT", f"{bucket}/k"),
            ("DELETE", f"{bucket}/k"),
        ):
            assert (await client.request(method, url)).status_code in REFUSED, method
    assert b"mine" == await store.get("k", max_bytes=9)


@pytest.mark.parametrize("filename", ["cat.jpg", "猫 & 犬.jpg", 'a"b;c%41.png', "../../etc/passwd"])
async def test_downloads_are_attachments(store: S3ObjectStore, filename: str) -> None:
    """A browser saves the file under its name and shows nothing."""
    await store.put("k", b"<script>", "text/html")
    async with httpx.AsyncClient() as client:
        answer = await client.get((await store.sign_get("k", filename=filename)).url)
    assert 200 == answer.status_code
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; ")
    assert filename.rsplit("/", 1)[-1] == unquote(disposition.split("UTF-8''")[1])


async def test_the_public_host_is_the_signed_one(s3: Make) -> None:
    """Clients are sent to the public endpoint, and only that host's URL is valid."""
    store = s3(public_endpoint="https://photos.example:8443")
    address = urlsplit((await store.sign_put("k", content_type="image/png", size=1)).url)
    assert ("https", "photos.example:8443") == (address.scheme, address.netloc)


async def test_signing_needs_no_server() -> None:
    """URLs can be given out while the store is down; the store decides when they are used."""
    from kioku_rt.objects import S3Settings  # noqa: PLC0415

    store = S3ObjectStore(
        S3Settings("http://127.0.0.1:1", "http://127.0.0.1:1", "b", "us-east-1", "key", "word")
    )
    assert "X-Amz-Signature=" in (await store.sign_get("k")).url
    store.close()
