"""PostgreSQL as the launcher and the fixtures start it."""

import asyncpg
import pytest
from kioku_stack.postgres import Postgres, PostgresTuning
from kioku_stack.process import Process, StartFailed


async def _fetch(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_serves_version_18_with_pgvector(database):
    """A fresh database speaks PostgreSQL 18 and knows half-precision vectors."""
    dsn = await database()
    assert str(await _fetch(dsn, "SHOW server_version")).startswith("18.")
    assert await _fetch(dsn, "SELECT '[1,0]'::halfvec <=> '[0,1]'::halfvec") == 1.0


async def test_apply_runs_once_per_key(database):
    """Databases of one key are clones of one template, and do not share rows."""
    runs = []

    async def apply(dsn: str) -> None:
        runs.append(dsn)
        await _fetch(dsn, "CREATE TABLE seen (id int)")

    first = await database(apply, "once")
    second = await database(apply, "once")
    await _fetch(first, "INSERT INTO seen VALUES (1)")
    assert len(runs) == 1
    assert await _fetch(second, "SELECT count(*) FROM seen") == 0


async def test_data_survive_a_kill(fresh_postgres):
    """What was committed is there after SIGKILL and a start in the same folder."""
    await _fetch(fresh_postgres.dsn(), "CREATE TABLE kept AS SELECT 7 AS n")
    idle = await asyncpg.connect(fresh_postgres.dsn())
    fresh_postgres.kill()
    fresh_postgres.start()
    assert await _fetch(fresh_postgres.dsn(), "SELECT n FROM kept") == 7
    with pytest.raises((asyncpg.PostgresError, OSError, asyncpg.InterfaceError)):
        await idle.execute("SELECT 1")
    idle.terminate()


async def test_a_lock_of_another_program_is_no_obstacle(fresh_postgres, stack_dir):
    """A postmaster.pid whose pid now belongs to something else does not keep the server down."""
    fresh_postgres.kill()
    stranger = Process(
        "stranger",
        ["/bin/sleep", "60"],
        log=stack_dir / "stranger.log",
        account=fresh_postgres.process.account,
    )
    stranger.start()
    lock = fresh_postgres.data_dir / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(stranger.pid), *lines[1:], ""]))
    fresh_postgres.start()
    assert await _fetch(fresh_postgres.dsn(), "SELECT 1") == 1
    stranger.kill()


def test_a_cluster_cut_short_is_made_anew(stack_dir):
    """What a killed first start left behind is no obstacle to the next."""
    data = stack_dir / "cut-short" / "data"
    half = data.with_name("data.new")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = Postgres(data, auth="trust", tuning=PostgresTuning(fsync=False))
    server.start()
    assert server.sql("SELECT 1") == "1"
    assert not half.exists()
    server.abort()


@pytest.fixture
def guarded_postgres(stack_dir):
    """A server as the launcher starts it, with passwords."""
    server = Postgres(stack_dir / "guarded" / "data")
    server.start()
    yield server
    server.abort()


async def test_passwords_are_asked_for(guarded_postgres):
    """Under scram a role logs in with its own password and with nothing else."""
    guarded_postgres.create_database("kioku")
    guarded_postgres.create_database("kioku")
    guarded_postgres.ensure_login("search_api")
    dsn = guarded_postgres.dsn("kioku", "search_api")
    assert await _fetch(dsn, "SELECT current_user") == "search_api"
    assert await _fetch(dsn, "SELECT '[1]'::vector::text") == "[1]"
    for wrong in (guarded_postgres.password("kioku"), "", "x"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await _fetch(dsn.replace(guarded_postgres.password("search_api"), wrong), "SELECT 1")


def test_secrets_and_data_are_private(guarded_postgres):
    """Nobody else reads the secret, the log or the data."""
    folder = guarded_postgres.data_dir.parent
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()}
    assert modes == {"data": "0o700", "data.secret": "0o600", "data.log": "0o600"}


def test_acknowledged_means_on_disk(guarded_postgres):
    """With the settings of the launcher no committed row depends on memory."""
    shown = [guarded_postgres.sql(f"SHOW {name}") for name in ("fsync", "synchronous_commit")]
    assert shown == ["on", "on"]


def test_a_second_server_on_the_same_data_is_refused(guarded_postgres, monkeypatch):
    """Data that are being served are not served twice."""
    monkeypatch.setattr("kioku_stack.postgres._ORPHAN_SECONDS", 0.0)
    other = Postgres(guarded_postgres.data_dir)
    with pytest.raises(StartFailed, match="already exists"):
        other.start()
    assert guarded_postgres.sql("SELECT 1") == "1"
