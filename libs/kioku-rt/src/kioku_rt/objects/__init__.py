"""The private bucket: short-lived signed URLs for the world, plain calls for the services."""

from kioku_rt.objects.memory import MemoryObjectStore
from kioku_rt.objects.port import (
    HEAD_BYTES,
    Digest,
    ListedObject,
    ObjectInfo,
    ObjectStore,
    SignedUrl,
    derived_prefix,
    owner_hash,
)
from kioku_rt.objects.s3 import S3ObjectStore
from kioku_rt.objects.settings import S3Settings

__all__ = [
    "HEAD_BYTES",
    "Digest",
    "ListedObject",
    "MemoryObjectStore",
    "ObjectInfo",
    "ObjectStore",
    "S3ObjectStore",
    "S3Settings",
    "SignedUrl",
    "derived_prefix",
    "owner_hash",
]
