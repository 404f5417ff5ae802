"""The process in which a picture's faces are found: it decodes, detects, aligns and embeds alone.

One picture is looked at by one process from file to vectors, so that no pixel crosses between
processes and no two pictures share an interpreter. It is confined as every decoder is
(`kioku_rt.images.child`): the models are loaded first, then it may add so much memory and take so
much time for each picture. It answers with a JSON header, and leaves the faces in the file of the
link as plain numbers.
"""

from __future__ import annotations

import json
import resource
import socket
import sys
import traceback
from dataclasses import dataclass
from typing import Final

from kioku_rt.confinement import allow_cpu, allow_memory, confine
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.images import ImageLimits, decode
from kioku_rt.images.child import MOST_BYTES, READY
from kioku_rt.images.link import Link
from kioku_rt.reasons import Reason
from PIL import AvifImagePlugin

from kioku_face.face import FoundFace
from kioku_face.packs.decoding import FacePixels
from kioku_face.packs.engine import Pixels
from kioku_face.packs.licences import PackUnusable
from kioku_face.packs.pack import Pack
from kioku_face.packs.pack_engine import EngineRules, PackEngine, load_engine
from kioku_face.packs.rows import rows_of

ASKED: Final = b"?"
DECODED: Final = b"decoded"
Header = dict[str, object]


@dataclass(frozen=True)
class Recipe:
    """What a child needs to know.

    Args:
        pack: opened by the service, which has checked its licence and its files' digests.
        limits: of decoding.
        picture_seconds: for finding the faces of a picture, without decoding it.
        memory_bytes: address space that finding the faces may add.
    """

    pack: Pack
    rules: EngineRules
    limits: ImageLimits
    picture_seconds: float
    memory_bytes: int

    @property
    def dimension(self) -> int:
        """Of the vectors."""
        return self.pack.manifest.embedder.dimension


def serve(theirs: socket.socket, recipe: Recipe) -> None:
    """Loads the pack, then answers one picture after another until the other end closes."""
    link = Link.accept(theirs)
    try:
        engine = load_engine(recipe.pack, recipe.rules)
    except PackUnusable as unusable:
        link.send(json.dumps({"unusable": str(unusable)}).encode())
        return
    confine(recipe.limits.memory_bytes + recipe.memory_bytes)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # there is a child for each core
    link.send(READY)
    while message := link.receive():
        if message == ASKED:
            link.send(READY)
        else:
            link.send(json.dumps(_answer(link, int(message), recipe, engine)).encode())


def _answer(link: Link, size: int, recipe: Recipe, engine: PackEngine) -> Header:
    """The header of one picture; its faces lie in the file then."""
    limits = recipe.limits
    allow_memory(limits.memory_bytes)
    allow_cpu(limits.decode_seconds)
    try:
        image = decode(link.take(size), limits, FacePixels(recipe.rules.most_pixels))
    except InvalidInput as refused:
        return {
            "refused": refused.reason,
            "message": refused.message,
            "metadata": refused.metadata,
        }
    link.send(DECODED)
    allow_memory(recipe.memory_bytes)
    allow_cpu(recipe.picture_seconds)
    faces = _found(engine, image.pixels)
    if isinstance(faces, Reason):
        return {"failed": faces}
    link.put(rows_of(faces, recipe.dimension).tobytes())
    return {"faces": len(faces), "original_size": image.original_size}


def _found(engine: PackEngine, pixels: Pixels) -> list[FoundFace] | Reason:
    """The faces, or why there are none; what is no error of ours leaves its trace on stderr."""
    try:
        return engine.find(pixels)
    except KiokuError as error:
        return error.reason
    except MemoryError:
        return Reason.ENGINE_OUT_OF_MEMORY
    except Exception:  # noqa: BLE001 - what a graph raises has no one base, and its text is not for callers
        sys.stderr.write(traceback.format_exc())
        return Reason.INTERNAL
