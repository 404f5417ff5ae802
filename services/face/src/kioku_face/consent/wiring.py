"""What `main` wires for consent: its service, its jobs, and the removal of people."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kioku.face.v1.consent_service_pb2_grpc import add_ConsentServiceServicer_to_server
from kioku_rt.job import Job
from kioku_rt.rpc import Registration

from kioku_face.consent import consent_servicer
from kioku_face.consent.consent import ConsentRules
from kioku_face.consent.consent_store import ConsentStore
from kioku_face.consent.erasing import Erasing
from kioku_face.consent.erasure_store import ErasureStore
from kioku_face.consent.export import Export
from kioku_face.consent.export_store import ExportStore
from kioku_face.consent.forgetting import Forgetting
from kioku_face.consent.forgetting_store import ForgettingStore
from kioku_face.consent.granting import Granting
from kioku_face.consent.metrics import CONSENTS_ENDED, UNKNOWN_FORGOTTEN, show
from kioku_face.consent.telling import Telling
from kioku_face.consent.term_store import TermStore
from kioku_face.consent.terms import Terms

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.page_token import PageTokens

    from kioku_face.vectors import FaceVectors

_ERASING_SECONDS = 1.0
_SCRUB_SECONDS = 15.0
_TERMS_SECONDS = 5.0
_RETENTION_SECONDS = 3600.0


@dataclass(frozen=True)
class ConsentPart:
    """What `main` takes from here.

    Args:
        withdrawal: removes people; the port `Withdrawal` of `kioku_face.people`.
    """

    registration: Registration
    withdrawal: Forgetting
    jobs: tuple[Job, ...]


def consent_part(
    api: asyncpg.Pool,
    worker: asyncpg.Pool,
    vectors: FaceVectors,
    tokens: PageTokens,
    rules: ConsentRules,
) -> ConsentPart:
    """Put the use cases between the servers and the rpcs and jobs.

    Args:
        api, worker: of the roles `face_api` and `face_worker`.
    """
    consents = ConsentStore(api, worker)
    telling = Telling(consents, vectors)
    erasing = Erasing(ErasureStore(worker), vectors, telling, rules)
    forgetting = Forgetting(consents, ForgettingStore(api, worker, rules.lease), erasing, rules)
    servicer = consent_servicer.ConsentServicer(
        Granting(consents, telling, tokens, rules),
        forgetting,
        Export(consents, ExportStore(api, worker)),
    )
    registration = Registration(
        consent_servicer.NAME, add_ConsentServiceServicer_to_server, servicer
    )
    jobs = _jobs(worker, telling, erasing, Terms(TermStore(worker), rules))
    return ConsentPart(registration, forgetting, jobs)


def _jobs(
    worker: asyncpg.Pool, telling: Telling, erasing: Erasing, terms: Terms
) -> tuple[Job, ...]:
    async def end_consents() -> None:
        CONSENTS_ENDED.inc(await terms.end_consents())

    async def end_retention() -> None:
        UNKNOWN_FORGOTTEN.inc(await terms.end_retention())

    return (
        Job("consents", _ERASING_SECONDS, telling.tell_all),
        Job("erasures", _ERASING_SECONDS, erasing.go_on),
        Job("scrubs", _SCRUB_SECONDS, erasing.look_at_scrubs),
        Job("terms", _TERMS_SECONDS, end_consents),
        Job("retention", _RETENTION_SECONDS, end_retention),
        Job("erasure-figures", _SCRUB_SECONDS, partial(show, worker)),
    )
