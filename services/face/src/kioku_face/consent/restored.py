"""What is done to a restored database while no service runs on it."""

from __future__ import annotations

import json
from pathlib import Path

from kioku_rt.db import Migrations, close_pool, open_pool
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from kioku_face.consent.replay_store import ReplayStore
from kioku_face.consent.replaying import Forgotten, Replaying
from kioku_face.database import SCHEMA

_MIGRATIONS = "kioku_face.migrations"


class RestoredDatabase(BaseSettings):
    """Where it is, for the role that owns the schema and for the worker."""

    model_config = SettingsConfigDict(env_prefix="KIOKU_")

    face_owner_dsn: SecretStr = SecretStr("postgresql://kioku@127.0.0.1:5432/kioku")
    face_worker_dsn: SecretStr = SecretStr("postgresql://face_worker@127.0.0.1:5432/kioku")


def read(file: Path) -> Forgotten:
    """What a file names: a JSON object a line, as `kioku backup` writes it."""
    return Forgotten.of(json.loads(line) for line in file.read_text().splitlines())


async def forget_again(database: RestoredDatabase, forgotten: Forgotten) -> int:
    """Bring the schema up to date and forget; how many people of it that concerned.

    Raises:
        DependencyDown: the database does not answer.
        MigrationError: it was made by another version.
    """
    await Migrations(_MIGRATIONS, SCHEMA).apply(database.face_owner_dsn.get_secret_value())
    dsn = database.face_worker_dsn.get_secret_value()
    pool = await open_pool(dsn, application_name="forget")
    try:
        return await Replaying(ReplayStore(pool)).replay(forgotten)
    finally:
        await close_pool(pool)
