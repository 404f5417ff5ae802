"""Where the bucket is and who we are to it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class S3Settings:
    """How to reach one bucket of an S3 server.

    Args:
        endpoint: URL the services use, for example `http://127.0.0.1:8080`.
        public_endpoint: URL the world uses (`S3_PUBLIC_ENDPOINT`); it is what gets signed.
        bucket: name of the one private bucket.
        region: as the server has it; part of every signature.
        access_key, secret_key: the credentials; never printed.
        url_ttl_seconds: how long a signed URL lives.
        connect_seconds, read_seconds: of each attempt; the second is per read from the socket, but
            a copy, of which the store says nothing until it is done, has `call_seconds`.
        attempts: how often a call is tried in total.
        call_seconds: of a whole call with all its attempts, streams included.
        threads: calls at the same time.
        page_size: keys per listing and per delete, at most 1000.
    """

    endpoint: str
    public_endpoint: str
    bucket: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    url_ttl_seconds: int = 300
    connect_seconds: float = 2.0
    read_seconds: float = 10.0
    attempts: int = 2
    call_seconds: float = 60.0
    threads: int = 16
    page_size: int = 1_000
