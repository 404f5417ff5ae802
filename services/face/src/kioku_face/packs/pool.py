"""Promise: faces are found off the event loop, a few pictures at once, each within its time."""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Protocol

import structlog
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.images import DecodedImage
from kioku_rt.reasons import Reason
from kioku_rt.space import Space

from kioku_face.face import FoundFace
from kioku_face.packs.engine import FaceEngine, Found, Pixels
from kioku_face.packs.turns import Turns

_MILLISECONDS = 1000.0
_STUCK = 2.0  # times the time of one picture
_LATE = "Finding the faces of the picture took longer than the limit; try again later."
_log = structlog.get_logger()


class Decoder(Protocol):
    """Bytes to pixels, off the event loop; `DecodePool` is one."""

    async def decode(self, data: bytes) -> DecodedImage:
        """Raises InvalidInput (IMAGE_*) or DependencyDown."""
        ...

    async def ping(self) -> None:
        """Raises DependencyDown."""
        ...


class EnginePool:
    """See `engine.FaceFinder`.

    Args:
        engine: called in `threads` threads at once.
        decoder: gives upright RGB pixels.
        threads: pictures in which faces are looked for at once.
        decoders: pictures that are decoded meanwhile.
        limit: pictures in hand, urgent ones and others for themselves, before OVERLOADED.
        picture_seconds: for one picture, without decoding it.
    """

    def __init__(
        self,
        engine: FaceEngine,
        decoder: Decoder,
        *,
        threads: int,
        decoders: int,
        limit: int,
        picture_seconds: float,
    ) -> None:
        self._engine = engine
        self._decoder = decoder
        self._turns = Turns(threads + decoders, limit)
        self._count = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="kioku-faces")
        self._picture_seconds = picture_seconds
        self._begun: dict[int, float] = {}
        self._numbers = itertools.count()
        self._closed = False

    @property
    def pack(self) -> str:
        """See the port."""
        return self._engine.pack

    @property
    def space(self) -> Space:
        """See the port."""
        return self._engine.space

    @property
    def works(self) -> bool:
        """Whether pictures are taken in: open, and not every thread is stuck in one."""
        limit = monotonic() - _STUCK * self._picture_seconds
        late = [each for each in list(self._begun.values()) if each < limit]
        return not self._closed and len(late) < self._count

    def fullness(self, *, urgent: bool) -> float:
        """Pictures in hand by the limit; at 1 the next one is refused."""
        return self._turns.fullness(urgent=urgent)

    async def faces_in(self, data: bytes, *, urgent: bool = False) -> Found:
        """See the port."""
        if not self.works:
            raise KiokuError(Reason.MODEL_UNAVAILABLE, retry_after=1.0)
        async with self._turns.turn(urgent=urgent):
            decoded = await self._decoder.decode(data)
            faces, seconds = await self._found(decoded.pixels)
        width, height = decoded.original_size
        return Found(
            faces=tuple(faces),
            width=width,
            height=height,
            decode_ms=decoded.seconds * _MILLISECONDS,
            detect_ms=seconds * _MILLISECONDS,
        )

    async def ping(self) -> None:
        """See the port."""
        if not self.works:
            raise DependencyDown("face engine")
        await self._decoder.ping()

    async def close(self) -> None:
        """Finishes what is in work; threads that are stuck are left to the process."""
        stuck = not self.works
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        if not stuck:
            await asyncio.to_thread(self._threads.shutdown)

    async def _found(self, pixels: Pixels) -> tuple[list[FoundFace], float]:
        if self._closed:
            raise KiokuError(Reason.MODEL_UNAVAILABLE, retry_after=1.0)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._picture_seconds):
                return await loop.run_in_executor(self._threads, self._find, pixels)
        except TimeoutError:
            message = (
                "Finding the faces of the picture took longer than the limit; try again later."
            )
            raise KiokuError(Reason.DEADLINE_EXCEEDED, message, retry_after=1.0) from None

    def _find(self, pixels: Pixels) -> tuple[list[FoundFace], float]:
        """In a thread: the faces, and the seconds it took."""
        number, begun = next(self._numbers), monotonic()
        self._begun[number] = begun
        try:
            return self._engine.find(pixels), monotonic() - begun
        except KiokuError:
            raise
        except MemoryError:
            raise KiokuError(Reason.ENGINE_OUT_OF_MEMORY) from None
        except Exception:  # noqa: BLE001 - what a graph raises has no one base, and its text is not for callers
            _log.exception("face_engine_failed", pack=self._engine.pack)
            raise KiokuError(Reason.INTERNAL) from None
        finally:
            del self._begun[number]
