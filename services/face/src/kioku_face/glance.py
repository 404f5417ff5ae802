"""Promise: the faces of a picture that is shown are told, audited, and nothing of it is kept."""

from __future__ import annotations

from typing import Protocol

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import InvalidInput
from kioku_rt.images import IMAGE_TYPES, SNIFF_BYTES, ImageLimits, sniff
from kioku_rt.images.refusal import too_large
from kioku_rt.reasons import Reason

from kioku_face.packs.engine import FaceFinder, Found


class GlanceAudit(Protocol):
    """Where it is noted that somebody looked."""

    async def glanced(self, acting: Acting, faces: int) -> None:
        """Record it; whoever cannot be recorded gets no answer."""


class Glance:
    """DetectFaces."""

    def __init__(self, finder: FaceFinder, audit: GlanceAudit) -> None:
        self._finder = finder
        self._audit = audit

    async def faces_in(self, acting: Acting, image: bytes) -> Found:
        """The faces of a picture's file.

        Raises:
            InvalidInput: IMAGE_*.
            KiokuError: OVERLOADED, MODEL_UNAVAILABLE.
            DependencyDown: decoder or database do not answer.
        """
        found = await self._finder.faces_in(checked_picture(image), urgent=True)
        await self._audit.glanced(acting, len(found.faces))
        return found


def checked_picture(image: bytes, field: str = "image") -> bytes:
    """A picture's file of a request that is worth decoding; raises InvalidInput (IMAGE_*)."""
    if not image:
        raise InvalidInput(Reason.IMAGE_EMPTY, field=field)
    if len(image) > ImageLimits().max_bytes:
        raise too_large(len(image), ImageLimits().max_bytes)
    if sniff(image[:SNIFF_BYTES]) not in IMAGE_TYPES:
        raise InvalidInput(Reason.IMAGE_UNSUPPORTED_FORMAT, field=field)
    return image
