"""What a space's index is built with, what building it takes, and how far its effort may go."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

MOST_EF_SEARCH = 1000
LEAST_EF_SEARCH = 20
_MOST_LISTS = 32_768
# pgvector's hnsw.h: an element in memory with its neighbour arrays and allocation headers, and one
# candidate in a neighbour array.
_ELEMENT_BYTES = 200
_CANDIDATE_BYTES = 16
_SAMPLES_A_LIST = 50
_LEAST_SAMPLES = 10_000


class IndexMethod(StrEnum):
    """How an index finds neighbours."""

    NONE = "none"
    HNSW = "hnsw"
    IVFFLAT = "ivfflat"


class OperatorClass(StrEnum):
    """By what an index compares; for vectors of length one all rank alike."""

    COSINE = "halfvec_cosine_ops"
    L2 = "halfvec_l2_ops"
    INNER_PRODUCT = "halfvec_ip_ops"


@dataclass(frozen=True)
class Parameters:
    """What an index is built with; `m` and `ef_construction` for hnsw, `lists` for ivfflat."""

    method: IndexMethod = IndexMethod.HNSW
    opclass: OperatorClass = OperatorClass.COSINE
    m: int = 16
    ef_construction: int = 128
    lists: int = 100

    def checked(self, *, normalised: bool = True) -> Parameters:
        """Itself.  Raises InvalidInput FIELD_INVALID for what PostgreSQL would refuse."""
        _within("m", self.m, 2, 100)
        _within("ef_construction", self.ef_construction, max(4, 2 * self.m), 1000)
        _within("lists", self.lists, 1, _MOST_LISTS)
        if not normalised and self.opclass is not OperatorClass.COSINE:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                "The space's vectors are not of length one; only cosine ranks them as scores do.",
                field="parameters.operator_class",
            )
        return self


@dataclass(frozen=True)
class SpaceIndex:
    """The index of a space, as every process knows it.

    Attributes:
        space_id, dimension, normalised, partition: of the space.
        parameters: what its index was built with.
        name: of the index in the database; empty: there is none.
        effort: `ef_search` or `probes` of searches; None: as the process is set.
        missed_effort: the largest one that was seen to be too small.
        rows: vectors, about.
        measured_rows: how many there were when its costs were measured.
        kind: of the space.
    """

    space_id: str
    dimension: int
    normalised: bool
    partition: str
    parameters: Parameters
    name: str
    effort: int | None
    missed_effort: int
    rows: int
    measured_rows: int
    kind: str = "IMAGE"

    @property
    def most_effort(self) -> int:
        """Beyond it, more is refused or finds nothing more."""
        hnsw = self.parameters.method is IndexMethod.HNSW
        return MOST_EF_SEARCH if hnsw else self.parameters.lists

    @property
    def least_effort(self) -> int:
        """Below it, answers of common sizes are not kept apart."""
        return LEAST_EF_SEARCH if self.parameters.method is IndexMethod.HNSW else 1

    def effort_or(self, ef_search: int) -> int:
        """What a search uses in a process whose setting is `ef_search`."""
        if self.effort is not None:
            return self.effort
        if self.parameters.method is IndexMethod.HNSW:
            return ef_search
        return math.ceil(math.sqrt(self.parameters.lists))

    def efforts(self) -> list[int]:
        """Efforts worth trying, from small to large."""
        steps = [10, 20, 40, 80, 120, 200, 300, 500, 800, 1000]
        if self.parameters.method is not IndexMethod.HNSW:
            steps = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, self.most_effort]
        return sorted({one for one in steps if one <= self.most_effort})


def build_bytes(parameters: Parameters, rows: int, dimension: int) -> int:
    """Memory that a build takes before it spills, about; from pgvector's hnsw.h and ivfkmeans.c.

    hnsw keeps each vector with its neighbours; ivfflat keeps its samples, its centres twice, and
    for Elkan's k-means a bound for each sample and centre and a distance for each pair of centres.
    Within 3 % of what pgvector 0.8.5 asked for with 128 numbers at m = 8, 16 and 32, and at 300 and
    600 lists.
    """
    value = 2 * dimension + 8
    match parameters.method:
        case IndexMethod.NONE:
            return 0
        case IndexMethod.HNSW:
            neighbours = (2 * parameters.m + parameters.m / (parameters.m - 1)) * _CANDIDATE_BYTES
            return int(rows * (value + _ELEMENT_BYTES + neighbours))
        case IndexMethod.IVFFLAT:
            lists = parameters.lists
            samples = max(_LEAST_SAMPLES, _SAMPLES_A_LIST * lists)
            centres = 2 * lists * value + 4 * lists * dimension
            return samples * value + centres + 4 * min(rows, samples) * lists + 4 * lists * lists


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{name} is {value}; it must be between {least} and {most}.",
            field=f"parameters.{name}",
            metadata={"value": str(value), "least": str(least), "most": str(most)},
        )
