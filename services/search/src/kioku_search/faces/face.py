"""What is asked and said about faces, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
WHOLE = -1
"""The `frame_no` of a face in a picture; of a video's frames it is 0 and more."""


@dataclass(frozen=True)
class Access:
    """Who asks, for whom and why; every read and change of face data is recorded with it.

    Args:
        owner: whose faces these are.
        actor: who asks in the end.
        service: the service whose token was shown, and `token_id` which.
        consent_sequence: the last change of consent that the caller knows of.
    """

    owner: str
    actor: str
    purpose: str
    request_id: str
    consent_sequence: int
    service: str
    token_id: str


@dataclass(frozen=True)
class FaceVector:
    """A face's vector as it is stored: float32 of the space's dimension, of length one."""

    face_id: UUID
    frame_no: int
    vector: Floats


@dataclass(frozen=True)
class Asked:
    """A face that is asked about: by a vector in the space it names, or by a stored one's id."""

    face_id: UUID | None = None
    vector: npt.NDArray[np.float64] | None = None
    space_id: str = ""


@dataclass(frozen=True)
class PersonHit:
    """A person who agreed to it, and their most similar face; score is 1 - cosine distance."""

    person_id: UUID
    user_id: str
    face_id: UUID
    score: float


@dataclass(frozen=True)
class FaceHit:
    """A face of the owner; `frame_no` None: of a picture."""

    face_id: UUID
    asset_id: UUID | None
    frame_no: int | None
    person_id: UUID | None
    score: float


PeopleFound: TypeAlias = list[list[PersonHit] | None]
FacesFound: TypeAlias = list[list[FaceHit] | None]


@dataclass(frozen=True)
class Link:
    """Whose face one is, by version; `reference`: the person is matched with it."""

    face_id: UUID
    asset_id: UUID | None
    person_id: UUID | None
    reference: bool
    version: int


@dataclass(frozen=True)
class Matchable:
    """Whether a person may be matched, by version of their consent."""

    person_id: UUID
    user_id: str
    consented: bool
    expires_at: datetime | None
    version: int


@dataclass(frozen=True)
class Erased:
    """How many vectors were removed, and the ticket to ask when their bytes are gone too."""

    vectors: int
    scrub_ticket: int


@dataclass(frozen=True)
class ConsentChange:
    """What `consent.changed` says: a person's word, and the faces to remove if taken back."""

    event_id: str
    owner: str
    actor: str
    sequence: int
    person: Matchable
    erase: Sequence[UUID]
