"""Who may be on the picture of an observation, for one answer."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from kioku_rt.errors import KiokuError

from kioku_vlm.observing.observation import Observation
from kioku_vlm.people.looks import described
from kioku_vlm.people.member import Faces, Member

log = structlog.get_logger(__name__)


class Members:
    """Asks `face` for each answer.

    Args:
        faces: who knows; None: nobody looks for faces in this deployment.
    """

    def __init__(self, faces: Faces | None) -> None:
        self._faces = faces

    async def of(self, owner: str, found: Observation) -> Sequence[Member]:
        """Everybody on the picture, with what readings saw of them; nobody where nobody can say:
        the schedule does not wait for it."""
        if self._faces is None or not found.asset_ids:
            return ()
        try:
            members = await self._faces.members(owner, found.asset_ids[0])
        except KiokuError as error:
            log.warning("members.unknown", reason=error.reason)
            return ()
        return described(members, found.people)
