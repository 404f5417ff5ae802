"""Shares, rarity and the joining of witnesses."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

import numpy as np
import pytest
from kioku_vlm.themes.affinity import (
    NEIGHBOUR_BELIEF,
    OUT_OF_SEASON,
    TAG_BELIEF,
    affinity_of,
    background_of,
    no_background,
    rarity,
)
from kioku_vlm.themes.shares import shares_of
from kioku_vlm.themes.theme import AssetFacts, Neighbour, Seen, Witness

from tests.unit.vlm.themes.rig import LEXICON, asset_id, at, look, shares, taken

NOTHING = no_background(len(LEXICON))


def test_sigmoid_scores_become_the_softmax_of_their_logits() -> None:
    logits = np.array([-9.0, -11.0, -4.0])
    scores = 1.0 / (1.0 + np.exp(-logits))
    softmax = np.exp(logits) / np.exp(logits).sum()
    assert shares_of(scores, exclusive=False) == pytest.approx(softmax)


def test_shares_stay_shares() -> None:
    given = np.array([0.5, 0.25, 0.25])
    assert shares_of(given, exclusive=True) == pytest.approx(given)


def test_a_score_that_rounded_to_one_is_no_infinity() -> None:
    assert np.isfinite(shares_of(np.array([1.0, 1.0, 0.1]), exclusive=False)).all()


def test_scores_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="no label"):
        shares_of(np.zeros(3), exclusive=True)


def test_what_all_pictures_show_weighs_least_and_nothing_weighs_more_than_one() -> None:
    counts = np.zeros(len(LEXICON))
    counts[0], counts[1] = 12.0, 3.0
    weights = rarity(counts, 12)
    assert weights[0] < weights[1] < weights[2] == 1.0
    assert weights[0] == pytest.approx(np.log1p(1 / ((12 + 4 / 253) / 16)) / np.log1p(253))


def test_without_a_background_all_weigh_the_same() -> None:
    assert (rarity(NOTHING.shown, 0) == 1.0).all()


def test_a_background_counts_a_picture_once_however_many_tags_say_the_same() -> None:
    found = background_of(
        [(shares(dog=0.9), ["犬", "dog", "わんこ"]), (shares(dog=0.7), ["other"])], LEXICON
    )
    assert found.pictures == 2
    assert found.shown[at("dog")] == pytest.approx(1.6)
    assert found.tagged[at("dog")] == 1.0
    assert found.tagged.sum() == 1.0


def test_independent_witnesses_are_joined_by_noisy_or() -> None:
    seen = Seen(
        asset_id(1),
        look(1, dog=0.5),
        AssetFacts(asset_id(1), ("犬",)),
        neighbours=(
            Neighbour(asset_id(2), 0.6, ("dog", "puppy")),
            Neighbour(asset_id(3), 0.2, ("cat",)),
        ),
    )
    found = affinity_of([seen], LEXICON, NOTHING, UTC)
    by_neighbours = NEIGHBOUR_BELIEF * 0.6 / 0.8
    expected = 1 - (1 - 0.5) * (1 - TAG_BELIEF) * (1 - by_neighbours)
    assert found.whole[0, at("dog")] == pytest.approx(expected)
    assert found.witnesses(0, at("dog")) == (Witness.TAG, Witness.LABEL, Witness.NEIGHBOUR_TAG)
    assert found.labels[0, at("dog")] == pytest.approx(0.5)


def test_neighbours_that_are_not_alike_say_nothing() -> None:
    seen = Seen(asset_id(1), look(1), neighbours=(Neighbour(asset_id(2), -0.1, ("dog",)),))
    found = affinity_of([seen], LEXICON, NOTHING, UTC)
    assert Witness.NEIGHBOUR_TAG not in found.witnesses(0, at("dog"))


@pytest.mark.parametrize(
    ("day", "factor"),
    [
        (taken(2026, 4, 2), 1.0),
        (taken(2026, 5, 1), 1.0),  # a day after the season
        (taken(2026, 5, 3), OUT_OF_SEASON),
        (None, 1.0),
    ],
)
def test_what_is_out_of_season_counts_less(day: object, factor: float) -> None:
    facts = AssetFacts(asset_id(1), taken=day)  # type: ignore[arg-type]
    found = affinity_of(
        [Seen(asset_id(1), look(1, cherry_blossoms=0.6), facts)], LEXICON, NOTHING, UTC
    )
    assert found.whole[0, at("cherry-blossoms")] == pytest.approx(0.6 * factor)


def test_an_entry_speaks_for_its_theme() -> None:
    seen = Seen(UUID(int=1), look(1), announced=frozenset({at("sports-day")}))
    found = affinity_of([seen], LEXICON, NOTHING, UTC)
    assert int(np.argmax(found.whole[0])) == at("sports-day")
    assert found.witnesses(0, at("sports-day"))[0] is Witness.SCHEDULE
