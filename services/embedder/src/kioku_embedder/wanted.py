"""Promise: pictures and videos read the spaces of an upload by one rule."""

from __future__ import annotations

from kioku.events.v1 import events_pb2

from kioku_embedder.tags.space import is_tags_space


def wanted_spaces(upload: events_pb2.AssetUploaded) -> tuple[str, ...]:
    """The spaces of what is seen that an upload is wanted in, each once; empty is the default.

    Tags have a consumer and a space of their own.
    """
    named = (each for each in upload.space_ids if each and not is_tags_space(each))
    return tuple(dict.fromkeys(named)) or ("",)
