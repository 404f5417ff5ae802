"""Joins the parts of the service: webhooks, calendars, themes, and the seal of the audit."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from kioku_rt.db import seal_job
from kioku_rt.page_token import PageTokens

from kioku_vlm.building import Parts
from kioku_vlm.database import SCHEMA
from kioku_vlm.exporting.calendar_writer import CalendarWriter
from kioku_vlm.notifying.wiring import notifying
from kioku_vlm.themes.wiring import ThemeSettings, theme_registration

if TYPE_CHECKING:
    import asyncpg

    from kioku_vlm.building import Servers
    from kioku_vlm.settings import Settings
    from kioku_vlm.themes.wiring import ThemeServers


def joined(
    settings: Settings,
    servers: Servers,
    sealer: asyncpg.Pool,
    resources: AsyncExitStack,
    *,
    themes: ThemeServers | None = None,
) -> Parts:
    """Every part but the pipeline itself.

    Args:
        sealer: pool of the role `vlm_sealer`.
        themes: what themes talk to; None: there are none.

    Raises:
        ReceiverUnusable, SecretMalformed: with one sentence for the operator.
    """
    tokens = PageTokens(settings.page_token_secret.get_secret_value().encode())
    telling = notifying(settings, servers.api, servers.worker, tokens, resources)
    return Parts(
        calendars=CalendarWriter(),
        told=telling.told,
        registrations=() if themes is None else (theme_registration(themes, _themes(settings)),),
        jobs=(*telling.jobs, seal_job(sealer, SCHEMA)),
        handlers=telling.handlers,
    )


def _themes(settings: Settings) -> ThemeSettings:
    return ThemeSettings(
        zone=settings.vlm_zone,
        language=settings.vlm_language,
        sample=settings.vlm_theme_sample,
        near=settings.vlm_theme_neighbours,
        words_seconds=settings.vlm_theme_words_seconds,
    )
