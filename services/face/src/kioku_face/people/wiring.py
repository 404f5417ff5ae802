"""What `main` wires for people: their service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku.face.v1.people_service_pb2_grpc import add_PeopleServiceServicer_to_server
from kioku_rt.rpc import Registration

from kioku_face.people import servicer
from kioku_face.people.change_store import ChangeStore
from kioku_face.people.enrolling import Enrolling
from kioku_face.people.enrolment_store import EnrolmentStore
from kioku_face.people.link_store import LinkStore
from kioku_face.people.linking import Linking
from kioku_face.people.people import People
from kioku_face.people.person_store import PersonStore

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.page_token import PageTokens

    from kioku_face.packs.engine import FaceFinder
    from kioku_face.people.ports import Withdrawal


def people_registration(
    api: asyncpg.Pool, finder: FaceFinder, withdrawal: Withdrawal, tokens: PageTokens
) -> Registration:
    """PeopleService.

    Args:
        api: connections of the role `face_api`.
        finder: finds the face of a picture that is enrolled.
        withdrawal: removes somebody for good.
    """
    return Registration(
        servicer.NAME,
        add_PeopleServiceServicer_to_server,
        servicer.PeopleServicer(
            People(PersonStore(api), withdrawal, tokens),
            Enrolling(EnrolmentStore(api), finder),
            Linking(LinkStore(api), ChangeStore(api), tokens),
        ),
    )
