"""What `kioku up` can be asked for."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kioku_cli.plan.ports import MOST_PROCESSES
from kioku_cli.plan.profile import OFFLINE


class StackOptions(BaseModel):
    """The choices that shape a plan; a second `up` of a running stack must ask for the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ports: Literal["default", "auto"] = "default"
    profile: str = OFFLINE
    device: str = ""
    """Empty: the profile's own device."""
    second_model: str = ""
    """A folder with a checkpoint, or a profile, that every embedder serves besides; empty: none."""
    embedders: int = Field(default=1, ge=1, le=MOST_PROCESSES)
    frames: int = Field(default=1, ge=1, le=MOST_PROCESSES)
    searches: int = Field(default=1, ge=1, le=MOST_PROCESSES)
    faces: int = Field(default=1, ge=0, le=MOST_PROCESSES)
    """0: nobody looks for faces."""
    face_pack: str = ""
    """A folder with the models that find faces; empty: the small default ones."""
    vlms: int = Field(default=1, ge=0, le=MOST_PROCESSES)
    """0: nobody reads schedules."""

    def processes(self) -> dict[str, int]:
        """How many processes each service has."""
        return {
            "search": self.searches,
            "embedder": self.embedders,
            "frames": self.frames,
            "face": self.faces,
            "vlm": self.vlms,
        }
