"""The manifest: what a backup holds, so that damage is found before anything is restored.

It is written last. A folder without one is an unfinished backup and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from kioku_cli.refusal import Refusal

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"
INVENTORY = "objects.jsonl"
OBJECTS = "objects"
TOMBSTONES = "tombstones.jsonl"


class BackupDamaged(Refusal):
    """The backup is not what its manifest says."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The backup is damaged: {what}", reason="BACKUP_DAMAGED")


class Part(BaseModel):
    """A part of the manifest, which refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredFile(Part):
    """One file of the backup."""

    name: str
    bytes: int
    sha256: str


class Role(Part):
    """A role that the database's policies and grants name."""

    name: str
    bypass_rls: bool


class SpaceVectors(Part):
    """The vectors of one space: how many, and the sum of a hash of each.

    The sum does not depend on their order; the hash is of owner, asset, frame and numbers.
    """

    vectors: int
    checksum: str


class Census(Part):
    """What a database holds, counted on one snapshot."""

    rows: dict[str, int]
    """By table, and by partition of a table that has them."""
    spaces: dict[str, SpaceVectors]


class Database(Part):
    """The database's dump, what is in it, and what it takes to load it."""

    dump: StoredFile
    postgres: str
    pgvector: str
    bytes_on_disk: int
    roles: list[Role]
    migrations: dict[str, str]
    """Checksum by name of each migration that was applied."""
    census: Census


class Objects(Part):
    """The copied objects; one line of the inventory for each."""

    inventory: StoredFile
    count: int
    bytes: int
    missing: list[str]
    """Keys that rows name and the store did not have: the first hundred."""
    missing_count: int


class Manifest(Part):
    """Everything a backup is."""

    format: int
    tool: str
    created: datetime
    snapshot: datetime
    """The moment of the database; objects were copied after it."""
    database: Database
    objects: Objects


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it whole or not at all, with a digest over itself."""
    content = manifest.model_dump(mode="json")
    document = {**content, "digest": _digest(content)}
    draft = folder / (MANIFEST + ".part")
    with draft.open("w") as file:
        file.write(json.dumps(document, indent=1, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """Read and check it.

    Raises:
        Refusal: BACKUP_DAMAGED (no manifest, cut, changed), BACKUP_VERSION (another format).
    """
    try:
        document = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        text = f"{folder} has no {MANIFEST}, so the backup was never finished."
        raise Refusal(text, reason="BACKUP_DAMAGED") from None
    except (OSError, ValueError) as error:
        raise BackupDamaged(f"{MANIFEST} cannot be read as JSON.") from error
    if not isinstance(document, dict):
        raise BackupDamaged(f"{MANIFEST} is no manifest.")
    _check_format(document.get("format"))
    digest = document.pop("digest", None)
    if digest != _digest(document):
        raise BackupDamaged(f"{MANIFEST} was changed after it was written.")
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        raise BackupDamaged(f"{MANIFEST} lacks something that it must have.") from error


def _check_format(number: object) -> None:
    if number != FORMAT:
        text = f"The backup has format {number!r}; this version reads format {FORMAT}."
        raise Refusal(text, reason="BACKUP_VERSION")


def _digest(content: object) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def stored_file(path: Path) -> StoredFile:
    """What the manifest says of a file."""
    return StoredFile(name=path.name, bytes=path.stat().st_size, sha256=sha256_of(path))


def check_file(folder: Path, expected: StoredFile) -> None:
    """Raise BackupDamaged unless the file is there with these bytes."""
    path = folder / expected.name
    if not path.is_file():
        raise BackupDamaged(f"{expected.name} is not there.")
    if path.stat().st_size != expected.bytes:
        raise BackupDamaged(
            f"{expected.name} has {path.stat().st_size} bytes, not {expected.bytes}: it was cut."
        )
    if sha256_of(path) != expected.sha256:
        raise BackupDamaged(f"{expected.name} has other bytes than were written.")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hex, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
