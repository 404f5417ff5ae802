"""What makes two files the same observation: the same bytes, read for the same task."""

from __future__ import annotations

import asyncio
import hashlib

TASK = "schedule"


def observation_hash(sha256: str) -> str:
    """SHA-256 over the task and the bytes' own SHA-256, lower-case hex.

    Model, prompt and schema are not part of it: a new model reads the observation again, under the
    id that apps, links and calendars know (`decisions/0027-one-observation-for-the-same-bytes.md`).
    """
    return hashlib.sha256(f"{TASK}\n{sha256}".encode()).hexdigest()


async def sha256_of(data: bytes) -> str:
    """Of the bytes, off the event loop."""
    return await asyncio.to_thread(_sha256, data)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
