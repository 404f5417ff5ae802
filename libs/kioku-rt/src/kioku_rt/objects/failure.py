"""What an S3 failure means to Kioku; botocore's own texts hold URLs and stay here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Reason

DEPENDENCY = "object store"
_MISSING = frozenset({"NoSuchKey", "404"})  # an answer to HEAD has no body, only a status
_CHANGED = frozenset({"PreconditionFailed", "412"})


@contextmanager
def mapped() -> Iterator[None]:
    """Turns whatever botocore, urllib3 or a socket raises into a KiokuError.

    Raises:
        KiokuError: OBJECT_MISSING (no such key), CHECKSUM_MISMATCH (the object changed).
        DependencyDown: everything else, wrong credentials and a missing bucket included: the
            store does not serve us, and the caller can do nothing about it.
    """
    try:
        yield
    except ClientError as error:
        raise _of(error) from None
    except (BotoCoreError, HTTPError, OSError):
        raise DependencyDown(DEPENDENCY) from None


def _of(error: ClientError) -> KiokuError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _MISSING:
        return KiokuError(Reason.OBJECT_MISSING)
    if code in _CHANGED:
        return KiokuError(Reason.CHECKSUM_MISMATCH)
    return DependencyDown(DEPENDENCY)
