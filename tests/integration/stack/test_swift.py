"""Swift as the S3 store that the launcher and the fixtures start."""

import contextlib
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError


@pytest.fixture
def bucket(swift_server):
    """A bucket of this test's own."""
    name = f"test-{uuid.uuid4()}"
    swift_server.create_bucket(name)
    return name


def _signed(client, bucket, key, **more):
    return client.generate_presigned_url(
        "put_object", Params={"Bucket": bucket, "Key": key, **more}, ExpiresIn=60
    )


def test_signed_put_is_taken(swift_server, bucket):
    """A PUT to a signed URL stores the bytes."""
    client = swift_server.client()
    url = _signed(client, bucket, "a b/ü.jpg", ContentType="image/jpeg", ContentLength=5)
    answer = httpx.put(url, content=b"bytes", headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 200
    assert client.get_object(Bucket=bucket, Key="a b/ü.jpg")["Body"].read() == b"bytes"


def test_signed_length_is_held(swift_server, bucket):
    """A PUT of another length than was signed is refused."""
    url = _signed(swift_server.client(), bucket, "k", ContentLength=5)
    assert httpx.put(url, content=b"longer than five").status_code == 403


def test_unsigned_and_altered_and_expired_are_refused(swift_server, bucket):
    """Nothing is stored without a valid signature that has not expired."""
    url = _signed(swift_server.client(), bucket, "k")
    brief = swift_server.client().generate_presigned_url(
        "put_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=1
    )
    time.sleep(2.1)
    assert httpx.put(brief, content=b"x").status_code == 403
    assert httpx.put(url[:-1] + ("0" if url[-1] != "0" else "1"), content=b"x").status_code == 403
    assert httpx.put(url.split("?")[0], content=b"x").status_code in {400, 403}


def test_copy_checks_the_etag(swift_server, bucket):
    """CopyObject with CopySourceIfMatch copies the version it names and no other."""
    client = swift_server.client()
    etag = client.put_object(Bucket=bucket, Key="from", Body=b"one")["ETag"]
    source = {"Bucket": bucket, "Key": "from"}
    client.copy_object(Bucket=bucket, Key="to", CopySource=source, CopySourceIfMatch=etag)
    assert client.get_object(Bucket=bucket, Key="to")["Body"].read() == b"one"
    with pytest.raises(client.exceptions.ClientError, match="PreconditionFailed"):
        client.copy_object(Bucket=bucket, Key="to", CopySource=source, CopySourceIfMatch="0")


def test_multipart_upload(swift_server, bucket):
    """Large objects can be sent in parts."""
    client = swift_server.client()
    upload = client.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    name = {"Bucket": bucket, "Key": "big", "UploadId": upload}
    parts = [
        {
            "PartNumber": number,
            "ETag": client.upload_part(**name, PartNumber=number, Body=body)["ETag"],
        }
        for number, body in ((1, b"a" * 5 * 2**20), (2, b"tail"))
    ]
    client.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})
    assert client.head_object(Bucket=bucket, Key="big")["ContentLength"] == 5 * 2**20 + 4


def test_prefix_is_listed_and_deleted(swift_server, bucket):
    """A listing shows what was put, and a batch delete removes it."""
    client = swift_server.client()
    for number in range(3):
        client.put_object(Bucket=bucket, Key=f"p/{number}", Body=b"x")
    listed = client.list_objects_v2(Bucket=bucket, Prefix="p/")["Contents"]
    keys = [{"Key": item["Key"]} for item in listed]
    assert keys == [{"Key": f"p/{number}"} for number in range(3)]
    client.delete_objects(Bucket=bucket, Delete={"Objects": keys})
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_objects_survive_a_kill(fresh_swift):
    """Objects, the bucket and the secret key are there after SIGKILL and a start."""
    fresh_swift.create_bucket("kept")
    client = fresh_swift.client()
    client.put_object(Bucket="kept", Key="k", Body=b"kept")
    fresh_swift.kill()
    fresh_swift.start()
    assert client.get_object(Bucket="kept", Key="k")["Body"].read() == b"kept"
    assert client.list_objects_v2(Bucket="kept")["KeyCount"] == 1


def test_many_at_once_are_all_listed(swift_server, bucket):
    """Concurrent PUTs are in the listing as soon as they are answered."""
    client = swift_server.client()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: client.put_object(Bucket=bucket, Key=f"{n}", Body=b"x"), range(40)))
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 40


def test_acknowledged_puts_survive_a_kill_among_them(fresh_swift):
    """SIGKILL in the middle of uploads loses none that was answered."""
    fresh_swift.create_bucket("kept")
    client = fresh_swift.client()
    acknowledged = []

    def put_until_refused():
        with contextlib.suppress(BotoCoreError, ClientError):
            for number in range(10_000):
                client.put_object(Bucket="kept", Key=f"{number:05}", Body=f"{number}".encode())
                acknowledged.append(number)

    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(put_until_refused)
        while len(acknowledged) < 10 and not upload.done():
            time.sleep(0.01)
        fresh_swift.kill()
        upload.result(60)
    fresh_swift.start()
    read = [
        int(client.get_object(Bucket="kept", Key=f"{number:05}")["Body"].read())
        for number in acknowledged
    ]
    listed = {item["Key"] for item in client.list_objects_v2(Bucket="kept")["Contents"]}
    assert read == acknowledged
    assert {f"{number:05}" for number in acknowledged} <= listed
