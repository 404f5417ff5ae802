"""Hears from PostgreSQL which assets and spaces changed.  Implements `Changes`."""

from __future__ import annotations

import json
from collections.abc import Callable

from kioku_rt.db.changes import ChangeListener


class DatabaseChanges(ChangeListener):
    """Wakes whoever waits for an asset.

    Args:
        dsn: of any role of this service.
        on_space: called when a space changed.
        on_deleted: called with the SHA-256 of a picture that is being deleted.
    """

    def __init__(
        self, dsn: str, *, on_space: Callable[[], None], on_deleted: Callable[[str], None]
    ) -> None:
        super().__init__(
            dsn,
            name="kioku-search-changes",
            channels={
                "search_assets": self._asset_changed,
                "search_spaces": self._space_changed,
            },
            on_again=on_space,
        )
        self._on_space = on_space
        self._on_deleted = on_deleted

    def _space_changed(self, _payload: str) -> None:
        self._on_space()

    def _asset_changed(self, payload: str) -> None:
        news = json.loads(payload)
        if news["sha256"]:
            self._on_deleted(news["sha256"])
        self.wake(news["asset_id"])
