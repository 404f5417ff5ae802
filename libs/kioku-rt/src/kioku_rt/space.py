"""Promise: two engines give the same space id exactly if their vectors may be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

KIND = "image"
METRIC = "cosine"


@dataclass(frozen=True)
class Space:
    """What gives a vector its meaning.

    Args:
        model: short name, for example the last part of a checkpoint's name.
        revision: digest of the weights and their configuration, hex.
        dimension: number of components of each vector.
        preprocessing: digest of everything done to pixels and words before the model, hex.
        precision: arithmetic of the engine, `float32` or `bfloat16`.
        kind: what the vectors describe, `image`, `face` or `tag`.
        metric: how two of them are compared.
        normalised: whether each has length one.
    """

    model: str
    revision: str
    dimension: int
    preprocessing: str
    precision: str
    kind: str = KIND
    metric: str = METRIC
    normalised: bool = True

    @property
    def space_id(self) -> str:
        """`<model>@<12 hex digits>`, the digits a digest over every field."""
        return f"{self.model}@{digest_of(asdict(self))[:12]}"

    def require(self, space_id: str) -> None:
        """Refuses any other space than this one; empty is this one.

        Raises:
            KiokuError: SPACE_NOT_SERVED.
        """
        if space_id not in ("", self.space_id):
            raise KiokuError(
                Reason.SPACE_NOT_SERVED,
                f"Only the space {self.space_id} is served here.",
                field="space_id",
                metadata={"served": self.space_id},
            )


def digest_of(facts: Mapping[str, object]) -> str:
    """SHA-256 (hex) of the facts as canonical JSON."""
    canonical = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
