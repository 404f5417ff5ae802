"""Promise: whoever reads or verifies the audit is in it themselves, or reads nothing."""

from __future__ import annotations

from typing import Protocol

from kioku_rt.auth.principal import Principal
from kioku_rt.db.seal import Noted, Verdict
from kioku_rt.page_token import PageTokens, scope_of

from kioku_face.audit.entry import Entry, Page, Wanted

PAGE = 100


class Entries(Protocol):
    """The rows."""

    async def page(
        self, principal: Principal, wanted: Wanted, below: int | None, size: int
    ) -> list[Entry]:
        """At most `size` rows with smaller ids than `below`, the newest first; audited with it."""

    async def verifying(self, principal: Principal) -> None:
        """Note that somebody verifies."""


class Chain(Protocol):
    """The seals."""

    async def verify(self, noted: Noted | None = None) -> Verdict:
        """Recompute the whole chain."""


class Auditing:
    """Reads and verifies."""

    def __init__(self, entries: Entries, chain: Chain, tokens: PageTokens) -> None:
        self._entries = entries
        self._chain = chain
        self._tokens = tokens

    async def page(self, principal: Principal, wanted: Wanted, size: int, token: str) -> Page:
        """Give a page.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
            DependencyDown: the database does not answer.
        """
        scope = scope_of("face audit", wanted.subject, wanted.actor, wanted.action)
        below = int(self._tokens.read(scope, token)[0]) if token else None
        found = await self._entries.page(principal, wanted, below, size + 1)
        if len(found) <= size:
            return Page(tuple(found), "")
        return Page(tuple(found[:size]), self._tokens.sign(scope, [found[size - 1].entry_id]))

    async def verify(self, principal: Principal, noted: Noted | None) -> Verdict:
        """Recompute the chain, and look for a seal that was noted elsewhere.

        Raises:
            DependencyDown: the database does not answer.
        """
        await self._entries.verifying(principal)
        return await self._chain.verify(noted)
