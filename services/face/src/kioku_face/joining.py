"""Joins the parts of the service: people, consent, matches, groups and the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_rt.db import seal_job
from kioku_rt.job import Job
from kioku_rt.page_token import PageTokens

from kioku_face.audit.wiring import audit_registration
from kioku_face.building import Parts
from kioku_face.consent.consent import ConsentRules
from kioku_face.consent.wiring import consent_part
from kioku_face.database import SCHEMA
from kioku_face.grouping.rules import GroupingRules
from kioku_face.grouping.wiring import grouping_work
from kioku_face.matching.match import MatchRules
from kioku_face.matching.wiring import match_people
from kioku_face.people.wiring import people_registration

if TYPE_CHECKING:
    import asyncpg

    from kioku_face.building import Servers
    from kioku_face.settings import Settings


def joined(settings: Settings, servers: Servers, sealer: asyncpg.Pool) -> Parts:
    """Every part but the pipeline itself.

    Args:
        sealer: pool of the role `face_sealer`.
    """
    api, worker, vectors = servers.api, servers.worker, servers.vectors
    tokens = PageTokens(settings.page_token_secret.get_secret_value().encode())
    rules = ConsentRules(anonymous=settings.anonymous_retention)
    consent = consent_part(api, worker, vectors, tokens, rules)
    grouping = grouping_work(worker, vectors, grouping_rules(settings))
    threshold = MatchRules(settings.face_match_score)
    return Parts(
        match=match_people(api, servers.finder, vectors, threshold),
        registrations=(
            people_registration(api, servers.finder, consent.withdrawal, tokens),
            consent.registration,
            audit_registration(worker, sealer, tokens),
        ),
        jobs=(
            *consent.jobs,
            Job("grouping", settings.face_group_seconds, grouping),
            seal_job(sealer, SCHEMA),
        ),
    )


def grouping_rules(settings: Settings) -> GroupingRules:
    """What faces are grouped by; the scores belong to the pack."""
    return GroupingRules(
        link=settings.face_link_score,
        join=settings.face_join_score,
        sure=settings.face_sure_score,
    )
