"""What an owner's pictures show anyway."""

from __future__ import annotations

import pytest
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_vlm.themes.habits import HabitRules, Habits
from kioku_vlm.themes.theme import AssetFacts

from tests.unit.vlm.themes.rig import LEXICON, SPACE, Shelf, asset_id, at, look


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def shelf(count: int) -> Shelf:
    found = Shelf()
    for number in range(1, count + 1):
        found.add(number, look(number, dog=0.5), tags=("dog",))
    found.sampled = list(found.assets.values())
    return found


def habits(found: Shelf, clock: Clock | None = None, **rules: float) -> Habits:
    return Habits(found, found, LEXICON, HabitRules(**rules), clock=clock or Clock())  # type: ignore[arg-type]


async def test_it_is_remembered_for_a_while() -> None:
    found, clock = shelf(3), Clock()
    one = habits(found, clock, kept_seconds=10)
    for now, looks in ((0.0, 3), (9.9, 3), (10.0, 6)):
        clock.now = now
        known = await one.background("ann", SPACE, ())
        assert known is not None
        assert (known.pictures, found.calls.count("look")) == (3, looks)
        assert known.shown[at("dog")] == pytest.approx(1.5)
        assert known.tagged[at("dog")] == 3


async def test_owners_are_kept_apart_and_the_longest_unasked_is_forgotten() -> None:
    found = shelf(1)
    one = habits(found, owners=2)
    for owner, looks in (("ann", 1), ("bob", 2), ("ann", 2), ("cid", 3), ("ann", 3), ("bob", 4)):
        await one.background(owner, SPACE, ())
        assert found.calls.count("look") == looks


async def test_looks_of_another_space_do_not_count() -> None:
    known = await habits(shelf(2)).background("ann", "other@1", ())
    assert known is not None
    assert known.pictures == 0


async def test_assets_that_are_asked_about_do_not_count() -> None:
    known = await habits(shelf(3)).background("ann", SPACE, {asset_id(2)})
    assert known is not None
    assert known.pictures == 2


async def test_a_picture_that_cannot_be_looked_at_is_one_less() -> None:
    found = shelf(2)
    found.looks[1] = InvalidInput(Reason.IMAGE_TRUNCATED)
    known = await habits(found).background("ann", SPACE, ())
    assert known is not None
    assert known.pictures == 1


async def test_an_owner_without_pictures_has_no_habits() -> None:
    known = await habits(Shelf()).background("ann", SPACE, ())
    assert known is not None
    assert (known.pictures, known.shown.sum()) == (0, 0.0)


async def test_when_time_runs_out_before_the_first_look_it_is_tried_again() -> None:
    found = shelf(2)
    found.stuck = True
    one = habits(found, seconds=0.01)
    assert await one.background("ann", SPACE, ()) is None
    found.stuck = False
    again = await one.background("ann", SPACE, ())
    assert again is not None
    assert again.pictures == 2


async def test_it_can_be_switched_off() -> None:
    found = shelf(2)
    known = await habits(found, sample=0).background("ann", SPACE, ())
    assert known is not None
    assert (known.pictures, found.calls) == (0, [])


async def test_no_vector_is_kept() -> None:
    one = habits(shelf(1))
    await one.background("ann", SPACE, ())
    kept = one._known["ann"].looks  # the promise is about what lies in memory
    assert [(type(facts), look.vector.size) for facts, look in kept] == [(AssetFacts, 0)]
