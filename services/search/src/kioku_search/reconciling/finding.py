"""What a comparison of what should be there with what is can find."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from kioku_search.assets.asset import Kind


@unique
class FindingKind(StrEnum):
    """What can be wrong; the contract's names."""

    MISSING_VECTOR = "MISSING_VECTOR"
    ORPHAN_VECTOR = "ORPHAN_VECTOR"
    DRIFTED_TAG = "DRIFTED_TAG"
    CONTRADICTORY_STAGE = "CONTRADICTORY_STAGE"
    MISSING_OBJECT = "MISSING_OBJECT"
    ORPHAN_OBJECT = "ORPHAN_OBJECT"


@dataclass(frozen=True, slots=True)
class Sample:
    """One thing that is wrong; what it is not about is empty."""

    owner: str = ""
    asset_id: str = ""
    frame_no: int | None = None
    object_key: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of thing that is wrong: how many, and the first of them."""

    kind: FindingKind
    count: int
    samples: tuple[Sample, ...]
    space_id: str = ""
    asset_kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Vectors of one kind of asset in one space; `expected` is None where rows cannot tell."""

    space_id: str
    space_kind: str
    state: str
    kind: Kind
    expected: int | None
    present: int


@dataclass(frozen=True, slots=True)
class ObjectProgress:
    """How far a listing of objects is."""

    objects: int
    last_key: str


@dataclass(frozen=True, slots=True)
class Mended:
    """One kind of finding after a repair; `left` says why some were left."""

    kind: FindingKind
    found: int
    mended: int
    left: str = ""
