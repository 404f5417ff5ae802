"""Promise: an owner finds each of their people by name, and nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kioku_rt.errors import KiokuError
from kioku_rt.page_token import PageTokens, scope_of
from kioku_rt.reasons import Reason

from kioku_face.people.person import Facts, Person, Update
from kioku_face.people.ports import Call, PeopleFilter, PeopleStore, Removal, Withdrawal


@dataclass(frozen=True)
class PeoplePage:
    """People by name, and the token of the next page (empty: this was the last)."""

    people: tuple[Person, ...]
    next_page_token: str


class People:
    """CreatePerson, GetPerson, ListPeople, UpdatePerson and DeletePerson."""

    def __init__(self, store: PeopleStore, withdrawal: Withdrawal, tokens: PageTokens) -> None:
        self._store = store
        self._withdrawal = withdrawal
        self._tokens = tokens

    async def create(self, call: Call, facts: Facts, request_id: UUID | None) -> Person:
        """A new person, or the one that was made by this request id before.

        Raises:
            KiokuError: PERSON_NOT_FOUND when that one was merged since.
        """
        return _there(await self._store.create(call, facts, request_id))

    async def get(self, call: Call, person_id: UUID) -> Person:
        """One person.  Raises KiokuError PERSON_NOT_FOUND."""
        return _there(await self._store.find(call, person_id))

    async def page(self, call: Call, wanted: PeopleFilter, size: int, token: str) -> PeoplePage:
        """A page of people, by name.

        A token names the last person by id, not by name: tokens end up in the logs of proxies.

        Raises:
            InvalidInput: PAGE_TOKEN_INVALID.
            KiokuError: PAGE_TOKEN_EXPIRED when the last person of the page before is gone.
        """
        scope = scope_of("people", call.owner, wanted)
        after = UUID(self._tokens.read(scope, token)[0]) if token else None
        rows = await self._store.page(call, wanted, size + 1, after)
        shown = tuple(rows[:size])
        if len(rows) <= size:
            return PeoplePage(shown, "")
        return PeoplePage(shown, self._tokens.sign(scope, [str(shown[-1].person_id)]))

    async def update(self, call: Call, person_id: UUID, update: Update) -> Person:
        """The person with other facts.

        Raises:
            KiokuError: PERSON_NOT_FOUND, VERSION_OUTDATED, CONSENT_NOT_THEIRS.
        """
        return _there(await self._store.update(call, person_id, update))

    async def delete(self, call: Call, person_id: UUID) -> Removal:
        """Take back their consent, erase what is held of them, and remove them.

        Raises:
            KiokuError: PERSON_NOT_FOUND.
        """
        return await self._withdrawal.remove(call.acting, person_id, request_id=call.request_id)


def _there(person: Person | None) -> Person:
    if person is None:
        raise KiokuError(Reason.PERSON_NOT_FOUND, field="person_id")
    return person
