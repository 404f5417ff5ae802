"""Promise: weights for research only are not used until somebody accepts their licence by name.

What a file is decides, not what it is called: files that are known by their digest keep their
licence under any name and with any manifest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

SETTING: Final = "KIOKU_FACE_ACCEPT_LICENCES"
PACK_SETTING: Final = "KIOKU_FACE_PACK"
UNKNOWN: Final = "unknown, so taken as for research only"
_INSIGHTFACE: Final = "insightface model zoo: non-commercial research purposes only"


class PackUnusable(Exception):
    """The pack cannot be used; the text is one sentence for the operator."""


class LicenceNotAccepted(PackUnusable):
    """The pack is for research only and nobody accepted that."""


@dataclass(frozen=True)
class Licence:
    """Of weights: in words, and whether it allows research only."""

    text: str
    research_only: bool


_KNOWN: Final = {
    # insightface buffalo_l: det_10g.onnx (also published as scrfd_10g_bnkps.onnx), w600k_r50.onnx
    "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91": Licence(_INSIGHTFACE, True),
    "4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43": Licence(_INSIGHTFACE, True),
    # YuNet: face_detection_yunet_2023mar.onnx of opencv_zoo
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4": Licence("MIT", False),
}


def licence_of_known(digests: Iterable[str]) -> Licence | None:
    """The strictest licence of the files that are known by their SHA-256; None: all are unknown."""
    known = [_KNOWN[digest] for digest in digests if digest in _KNOWN]
    return max(known, key=lambda licence: licence.research_only, default=None)


def all_known_free(digests: Iterable[str]) -> bool:
    """Whether every file is known, and by its licence free for any use."""
    licences = [_KNOWN.get(digest) for digest in digests]
    return all(each is not None and not each.research_only for each in licences)


def accepted_names(setting: str) -> frozenset[str]:
    """The names in the setting, which are separated by commas."""
    return frozenset(name.strip() for name in setting.split(",") if name.strip())


def require_accepted(name: str, licence: Licence, accepted: frozenset[str]) -> None:
    """The gate.

    Raises:
        LicenceNotAccepted: it is for research only and not among the accepted names.
    """
    if licence.research_only and name not in accepted:
        raise LicenceNotAccepted(
            f"The weights of the pack {name} may be used for research only ({licence.text}); "
            f"set {SETTING}={name} if you accept that, or {PACK_SETTING} to another pack."
        )
