"""What `main` wires for matches, and what calibrates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_face.matching.calibrating import Calibrating
from kioku_face.matching.calibration_store import CalibrationStore
from kioku_face.matching.match import MatchRules
from kioku_face.matching.match_rpc import MatchPeople
from kioku_face.matching.match_store import MatchStore
from kioku_face.matching.matching import Matching

if TYPE_CHECKING:
    import asyncpg

    from kioku_face.packs.engine import FaceFinder
    from kioku_face.vectors import FaceVectors


def match_people(
    api: asyncpg.Pool,
    finder: FaceFinder,
    vectors: FaceVectors,
    rules: MatchRules | None = None,
) -> MatchPeople:
    """Give the rpc MatchPeople, for FaceService.

    Args:
        api: of the role `face_api`.
    """
    return MatchPeople(Matching(finder, vectors, MatchStore(api), rules or MatchRules()))


def calibrating(worker: asyncpg.Pool, finder: FaceFinder) -> Calibrating:
    """Give what the command `calibrate` runs.

    Args:
        worker: of the role `face_worker`.
    """
    return Calibrating(finder, CalibrationStore(worker))
