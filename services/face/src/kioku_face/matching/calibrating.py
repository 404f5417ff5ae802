"""Promise: a space is calibrated by the very code that finds and compares faces in service."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from kioku_rt.errors import InvalidInput

from kioku_face.face import Floats, FoundFace
from kioku_face.matching.calibration import Calibration, Scores, calibrate
from kioku_face.matching.labelled import LabelledPair
from kioku_face.packs.engine import FaceFinder

_AT_ONCE = 4
_PART = 16_384  # pairs compared at once
NO_FACE = "no face with a vector"


class Calibrations(Protocol):
    """Where calibrations are kept."""

    async def keep(self, calibration: Calibration, *, actor: str) -> None:
        """Let it hold from now on; audited in the same transaction."""


@dataclass(frozen=True)
class Calibrated:
    """A calibration, and pictures that could not be used with the reason of each."""

    calibration: Calibration
    unused: dict[Path, str]


class Calibrating:
    """Calibrates the space of a finder.

    Args:
        finder: as in service; nothing of the pictures is stored.
    """

    def __init__(self, finder: FaceFinder, calibrations: Calibrations) -> None:
        self._finder = finder
        self._calibrations = calibrations

    async def calibrate(
        self, pairs: Sequence[LabelledPair], *, asked_rate: float, actor: str, keep: bool = True
    ) -> Calibrated:
        """Score labelled pairs and judge by them.

        Of each picture the largest good face counts, or the largest with a vector; pictures
        without one are left out and named.

        Args:
            asked_rate: the false-match rate to keep.
            actor: the operator, for the audit.
            keep: False only says what would hold.

        Raises:
            InvalidInput: FIELD_INVALID, see `calibration.calibrate`.
            DependencyDown: the database does not answer.
        """
        pictures = sorted({file for pair in pairs for file in (pair.left, pair.right)})
        vectors, unused = await self._vectors(pictures)
        same, different = _scores(pairs, vectors)
        space_id = self._finder.space.space_id
        found = calibrate(space_id, same, different, asked_rate=asked_rate)
        if keep:
            await self._calibrations.keep(found, actor=actor)
        return Calibrated(found, unused)

    async def _vectors(
        self, pictures: Sequence[Path]
    ) -> tuple[dict[Path, Floats], dict[Path, str]]:
        vectors: dict[Path, Floats] = {}
        unused: dict[Path, str] = {}
        room = asyncio.Semaphore(_AT_ONCE)

        async def look(file: Path) -> None:
            async with room:
                vector, why = await self._vector(file)
            if vector is None:
                unused[file] = why
            else:
                vectors[file] = vector

        async with asyncio.TaskGroup() as group:
            for file in pictures:
                group.create_task(look(file))
        return vectors, unused

    async def _vector(self, file: Path) -> tuple[Floats | None, str]:
        try:
            data = await asyncio.to_thread(file.read_bytes)
            found = await self._finder.faces_in(data)
        except OSError:
            return None, "cannot be read"
        except InvalidInput as refused:
            return None, refused.reason
        return _best(found.faces), NO_FACE


def _best(faces: Sequence[FoundFace]) -> Floats | None:
    usable = [face for face in faces if face.vector is not None]
    good = [face for face in usable if face.quality.good]
    return next((face.vector for face in [*good, *usable]), None)


def _scores(pairs: Sequence[LabelledPair], vectors: dict[Path, Floats]) -> tuple[Scores, Scores]:
    """Cosines of the pairs of which both have a vector: of one person, and of different people."""
    usable = [pair for pair in pairs if pair.left in vectors and pair.right in vectors]
    if not usable:
        return np.empty(0), np.empty(0)
    number = {file: row for row, file in enumerate(vectors)}
    stacked = np.stack(list(vectors.values())).astype(np.float64)
    rows = np.array([(number[pair.left], number[pair.right]) for pair in usable])
    scores = np.concatenate(
        [
            np.einsum("nd,nd->n", stacked[part[:, 0]], stacked[part[:, 1]])
            for part in np.array_split(rows, range(_PART, len(rows), _PART))
        ]
    )
    labels = np.array([pair.same for pair in usable])
    return scores[labels], scores[~labels]
