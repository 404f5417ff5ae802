"""Promise: an asset with tags or a telling name is searchable by them as soon as it is uploaded.

One handler serves both consumers, `tags` (`asset.uploaded`) and `tags-requested`
(`embedding.requested`, as far as it asks for a tags space). An asset without a word is
acknowledged: it has no vector here and lacks none.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from time import monotonic

import structlog
from google.protobuf.message import DecodeError
from kioku.events.v1 import events_pb2
from kioku_rt.errors import KiokuError
from kioku_rt.events import Ack, Dead, Event, Outcome
from kioku_rt.reasons import CATALOGUE, Reason

from kioku_embedder.announcements import Announcer, Publisher, Subject
from kioku_embedder.backend import Embedding, Timing
from kioku_embedder.outcomes import Standing, age_of, as_outcome
from kioku_embedder.tags.encoder import TagsEncoder
from kioku_embedder.tags.space import is_tags_space

CONSUMER_NAMES = ("tags", "tags-requested")
UPLOADED = "asset.uploaded"
_Message = events_pb2.AssetUploaded | events_pb2.EmbeddingRequested
log = structlog.get_logger(__name__)


def open_encoder(synonyms: Path | None) -> TagsEncoder:
    """The encoder with the app's own synonyms, where a file is named.

    Raises:
        OSError, ValueError: the file cannot be read, or is no table of synonyms.
    """
    return TagsEncoder(synonyms.read_text("utf-8") if synonyms else "")


def tags_consumer(publisher: Publisher, synonyms: Path | None = None) -> TagsConsumer:
    """The handler of both consumers.

    Raises:
        OSError, ValueError: as `open_encoder`.
    """
    return TagsConsumer(open_encoder(synonyms), Announcer(publisher))


class TagsConsumer:
    """Handles `asset.uploaded` and `embedding.requested`."""

    def __init__(self, encoder: TagsEncoder, announcer: Announcer) -> None:
        self._encoder = encoder
        self._announcer = announcer

    async def handle(self, event: Event) -> Outcome:
        """One delivery; the vector is announced before this returns Ack."""
        message = _message_of(event)
        if message is None:
            return Dead(Reason.EVENT_NOT_DECODABLE, CATALOGUE[Reason.EVENT_NOT_DECODABLE].meaning)
        if isinstance(message, events_pb2.EmbeddingRequested) and not is_tags_space(
            message.space_id
        ):
            return Ack()
        standing = Standing(age_of(message.event_time), main=True)
        return await as_outcome(partial(self._announce, message, event.attempt), standing)

    async def on_dead(self, event: Event, dead: Dead) -> None:
        """Nobody is told: an asset without this vector is as good as any other."""
        log.warning("tags.given_up", event_id=event.id, reason=dead.reason)

    async def _announce(self, message: _Message, attempt: int) -> None:
        order_id = ""
        if isinstance(message, events_pb2.EmbeddingRequested):
            order_id = message.order_id
            if message.space_id != self._encoder.space.space_id:  # perhaps another process's
                raise KiokuError(Reason.SPACE_NOT_SERVED)
        started = monotonic()
        vector = self._encoder.document(message.tags, message.filename)
        if vector is None:
            return
        seconds = monotonic() - started
        embedding = Embedding(self._encoder.space, vector, False, Timing(0.0, 0.0, seconds, 1))
        subject = Subject(message.asset_id, message.owner, message.generation, order_id)
        await self._announcer.ready(subject, embedding, attempts=attempt, seconds=seconds)


def _message_of(event: Event) -> _Message | None:
    """What the event says, or None if its payload is not of its subject's type."""
    kind = events_pb2.AssetUploaded if event.subject == UPLOADED else events_pb2.EmbeddingRequested
    try:
        message: _Message = kind.FromString(event.payload)
    except DecodeError:
        return None
    return message if message.asset_id else None
