"""Which checkpoint the embedder loads, by a name people can remember."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[5]
"""The checkout that this package is installed from."""


FACE_PACK = str(REPOSITORY / "models" / "kioku-faces")
"""The models that find faces, unless a stack is given others."""


@dataclass(frozen=True)
class Profile:
    """A checkpoint and the device it is meant for."""

    model: str
    device: str
    start_seconds: float = 600.0
    """How long the first start may take, downloads included."""


OFFLINE = "offline"

PROFILES: dict[str, Profile] = {
    OFFLINE: Profile(str(REPOSITORY / "models" / "kioku-tiny"), "cpu", start_seconds=120.0),
    "siglip2-base": Profile("google/siglip2-base-patch16-256", "cuda"),
    "siglip2-so400m": Profile("google/siglip2-so400m-patch14-384", "cuda"),
    "clip-vit-base-patch32": Profile("openai/clip-vit-base-patch32", "cuda"),
    "clip-vit-large-patch14": Profile("openai/clip-vit-large-patch14", "cuda"),
}
