"""Joins the parts of the service: webhooks, calendars, and the seal of the audit."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from kioku_rt.db import seal_job
from kioku_rt.page_token import PageTokens

from kioku_vlm.building import Parts
from kioku_vlm.database import SCHEMA
from kioku_vlm.exporting.opening import calendars
from kioku_vlm.notifying.wiring import notifying

if TYPE_CHECKING:
    import asyncpg

    from kioku_vlm.building import Servers
    from kioku_vlm.settings import Settings


def joined(
    settings: Settings, servers: Servers, sealer: asyncpg.Pool, resources: AsyncExitStack
) -> Parts:
    """Every part but the pipeline itself.

    Args:
        sealer: pool of the role `vlm_sealer`.

    Raises:
        ReceiverUnusable, SecretMalformed: with one sentence for the operator.
    """
    tokens = PageTokens(settings.page_token_secret.get_secret_value().encode())
    telling = notifying(settings, servers.api, servers.worker, tokens, resources)
    return Parts(
        calendars=calendars(),
        told=telling.told,
        registrations=(),
        jobs=(*telling.jobs, seal_job(sealer, SCHEMA)),
        handlers=telling.handlers,
    )
