"""PostgreSQL for every service: bounded pools, vector codecs, migrations, audit, inbox."""

from kioku_rt.db.audit import audit
from kioku_rt.db.errors import database_errors
from kioku_rt.db.migrations import MigrationError, Migrations
from kioku_rt.db.pool import acquire, close_pool, open_pool, ping
from kioku_rt.db.processed import first_time, forget_processed
from kioku_rt.db.seal import AuditSeals, Noted, Verdict, seal_job

__all__ = [
    "AuditSeals",
    "MigrationError",
    "Migrations",
    "Noted",
    "Verdict",
    "acquire",
    "audit",
    "close_pool",
    "database_errors",
    "first_time",
    "forget_processed",
    "open_pool",
    "ping",
    "seal_job",
]
