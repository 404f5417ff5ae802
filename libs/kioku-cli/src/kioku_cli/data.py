"""The data folder: the one place on disk that belongs to a stack, and where each thing lies in it.

Everything that a stack writes is under this folder, so that deleting it is a full reset.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT = ".data"
VARIABLE = "KIOKU_DATA"


@dataclass(frozen=True)
class DataFolder:
    """Paths under one data folder; making one touches no disk."""

    root: Path

    @classmethod
    def chosen(cls, given: Path | None) -> DataFolder:
        """The folder that was named, else $KIOKU_DATA, else `.data` of the working folder."""
        return cls((given or Path(os.environ.get(VARIABLE) or DEFAULT)).resolve())

    @property
    def state(self) -> Path:
        """What the supervisor says about itself and its children."""
        return self.root / "state.json"

    @property
    def lock(self) -> Path:
        """Held by the supervisor while it lives."""
        return self.root / "supervisor.lock"

    @property
    def plan(self) -> Path:
        """The plan that the supervisor runs; holds the development secrets, so 0600."""
        return self.root / "plan.json"

    @property
    def ports(self) -> Path:
        """The ports that `auto` chose before."""
        return self.root / "ports.json"

    @property
    def issuer(self) -> Path:
        """The development issuer's key and its `jwks.json`."""
        return self.root / "issuer"

    @property
    def jwks(self) -> Path:
        """The public keys that Envoy and the services verify tokens with."""
        return self.issuer / "jwks.json"

    def token(self, service: str) -> Path:
        """The token file of one service, renewed by the issuer."""
        return self.issuer / "tokens" / f"{service}.jwt"

    @property
    def logs(self) -> Path:
        """One log file for each component."""
        return self.root / "logs"

    def log(self, component: str) -> Path:
        """The log of one component."""
        return self.logs / f"{component}.log"

    def server(self, name: str) -> Path:
        """What one infrastructure server keeps on disk."""
        return self.root / name

    def make(self) -> None:
        """Create the folder, open to let through (PostgreSQL's account) but not to list."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o711)
        self.logs.mkdir(exist_ok=True)
