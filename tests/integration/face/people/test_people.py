"""People: made once, found by name, changed by version, and users' rights kept."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_face.people.people import People
from kioku_face.people.person import Facts, Update, checked_facts, checked_mask
from kioku_face.people.person_store import PersonStore
from kioku_face.people.ports import PeopleFilter
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

from tests.integration.face.people.rig import TOKENS, NotedWithdrawal, call_of
from tests.integration.face.people.test_undo import ANN, refusal


@pytest.fixture
def people(library):
    """The use case over the real store."""
    return People(PersonStore(library.api), NotedWithdrawal(), TOKENS)


async def test_a_person_is_made_once(people):
    """By request id; the facts of the first time stay."""
    request = uuid.uuid4()
    ada = await people.create(ANN, Facts("Ada", "u-1", "family", hidden=True), request)
    again = await people.create(ANN, Facts("Somebody else"), request)
    assert ada == again
    assert ("Ada", "u-1", "family", True) == tuple(vars(ada.facts).values())
    assert (0, 1, "UNSPECIFIED") == (ada.face_count, ada.version, ada.consent_state)
    other = await people.create(call_of("bob"), Facts("Bob"), request)
    assert other.person_id != ada.person_id


async def test_lists_are_by_name_without_gap_or_repetition(library, people):
    """Whatever the case; several of one name; pages of any size; without hidden and merged ones."""
    names = ["bea", "Ada", "ada", "Zoë", "", "Ben", "Ada", "100%"]
    for name in names:
        await library.person("ann", name, agreed=False)
    await library.person("ann", "Hidden", agreed=False, hidden=True)
    gone, left = await library.person("ann", "Gone"), await library.person("bob", "Bob")
    await library.linking.merge(ANN, gone, await library.person("ann", "Kept"))
    whole = await people.page(ANN, PeopleFilter(), 100, "")
    assert sorted(n.lower() for n in [*names, "Kept"]) == sorted(
        one.facts.name.lower() for one in whole.people
    )
    for size in (1, 3):
        seen, token = [], ""
        while True:
            page = await people.page(ANN, PeopleFilter(), size, token)
            seen += page.people
            token = page.next_page_token
            if not token:
                break
        assert list(whole.people) == seen
    assert left not in {one.person_id for one in whole.people}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (PeopleFilter(name_prefix="AD"), ["Ada", "adam"]),
        (PeopleFilter(name_prefix="%"), []),
        (PeopleFilter(collection_id="work"), ["Ada"]),
        (PeopleFilter(show_hidden=True), ["Ada", "adam", "Hugo"]),
    ],
)
async def test_lists_are_narrowed(library, people, wanted, names):
    """By the beginning of a name, which is no pattern; by collection; with hidden ones."""
    await library.person("ann", "adam", agreed=False)
    await library.person("ann", "Ada", agreed=False, collection_id="work")
    await library.person("ann", "Hugo", agreed=False, hidden=True)
    page = await people.page(ANN, wanted, 10, "")
    assert names == [one.facts.name for one in page.people]


async def test_a_page_that_continues_nothing_says_so(library, people):
    """The last person of the page before is gone; a token of another list is none."""
    for name in ("Ada", "Ben"):
        await library.person("ann", name, agreed=False)
    page = await people.page(ANN, PeopleFilter(), 1, "")
    other = people.page(ANN, PeopleFilter(show_hidden=True), 1, page.next_page_token)
    assert Reason.PAGE_TOKEN_INVALID is await refusal(other)
    await library.worker.execute("DELETE FROM face.people WHERE name = 'Ada'")
    again = people.page(ANN, PeopleFilter(), 1, page.next_page_token)
    assert Reason.PAGE_TOKEN_EXPIRED is await refusal(again)


async def test_only_what_the_mask_names_is_changed(people):
    """And only if nobody changed the person since."""
    ada = await people.create(ANN, Facts("Ada", collection_id="work"), None)
    new = Facts("Ada L.", "u-1", "home", hidden=True)
    changed = await people.update(ANN, ada.person_id, Update(frozenset({"name"}), new, 1))
    assert (Facts("Ada L.", collection_id="work"), 2) == (changed.facts, changed.version)
    late = people.update(ANN, ada.person_id, Update(frozenset({"name"}), new, 1))
    assert Reason.VERSION_OUTDATED is await refusal(late)
    whole = await people.update(ANN, ada.person_id, Update(checked_mask([]), new))
    assert new == whole.facts


async def test_nobody_agrees_in_a_user_s_name(library, people):
    """While consent stands, a person becomes no user but the one who gave it, and stays theirs."""
    ada = await library.person("ann", "Ada")
    become = Update(frozenset({"user_id"}), Facts(user_id="u-ada"))
    assert Reason.CONSENT_NOT_THEIRS is await refusal(people.update(ANN, ada, become))
    await library.consent("ann", ada, "WITHDRAWN")
    assert "u-ada" == (await people.update(ANN, ada, become)).facts.user_id
    await library.consent("ann", ada, actor="u-ada")
    leave = Update(frozenset({"user_id"}), Facts())
    assert Reason.CONSENT_NOT_THEIRS is await refusal(people.update(ANN, ada, leave))
    me = await library.person("ann", "Ann herself")
    mine = Update(frozenset({"user_id"}), Facts(user_id="ann"))
    assert "ann" == (await people.update(ANN, me, mine)).facts.user_id


async def test_foreign_and_merged_people_are_not_there(library, people):
    """Nor is what a request id made, once it is merged."""
    request = uuid.uuid4()
    ada = await people.create(ANN, Facts("Ada"), request)
    update = Update(frozenset({"name"}), Facts("x"))
    bob = call_of("bob")
    assert Reason.PERSON_NOT_FOUND is await refusal(people.get(bob, ada.person_id))
    assert Reason.PERSON_NOT_FOUND is await refusal(people.update(bob, ada.person_id, update))
    await library.linking.merge(ANN, ada.person_id, await library.person("ann"))
    for work in (
        people.get(ANN, ada.person_id),
        people.update(ANN, ada.person_id, update),
        people.create(ANN, Facts("Ada"), request),
    ):
        assert Reason.PERSON_NOT_FOUND is await refusal(work)


async def test_consent_is_told_as_it_is_now(library, people):
    """Also when its time is over and no job has noticed."""
    ada = await library.person("ann")
    assert "GRANTED" == (await people.get(ANN, ada)).consent_state
    await library.worker.execute(
        "UPDATE face.consent_states SET expires_at = now() - interval '1 s'"
    )
    assert "EXPIRED" == (await people.get(ANN, ada)).consent_state


async def test_every_read_is_audited(library, people):
    """A list, too."""
    ada = await library.person("ann")
    await people.get(ANN, ada)
    await people.page(ANN, PeopleFilter(), 10, "")
    rows = await library.owner.fetch("SELECT action, subject FROM face.audit_logs ORDER BY id")
    assert [("person.create", str(ada)), ("person.get", str(ada)), ("person.list", "*")] == [
        tuple(row) for row in rows
    ]


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_facts_are_in_range_or_refused(name, user_id, collection):
    """Whatever is sent; and what was accepted is accepted again, unchanged."""
    try:
        facts = checked_facts(name, user_id, collection, hidden=False)
    except InvalidInput:
        return
    assert facts == checked_facts(*list(vars(facts).values())[:3], hidden=False)
    assert "\x00" not in facts.name + facts.user_id + facts.collection_id


@pytest.mark.parametrize("paths", [["version"], ["name", "face_count"], ["*", "name"]])
def test_masks_name_what_can_be_set(paths):
    """And nothing else."""
    with pytest.raises(InvalidInput):
        checked_mask(paths)
