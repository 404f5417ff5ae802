"""Tags and queries meet in one space, the same in every process."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from kioku_embedder.tags.encoder import VERSION, TagsEncoder

ENCODER = TagsEncoder()
CHANCE = 3 / np.sqrt(ENCODER.space.dimension)


def score(query: str, *tags: str, filename: str = "") -> float:
    """The cosine of a query and an asset."""
    vector = ENCODER.document(tags, filename)
    assert vector is not None
    return float(ENCODER.query(query) @ vector)


def test_vectors_are_the_same_everywhere() -> None:
    """A change of the rules must change the version, or vectors of two rules would be compared."""
    vectors = [ENCODER.document(["red", "夏のワンピース"], "IMG_1.jpg"), ENCODER.query("red dress")]
    rounded = np.round(np.stack([v for v in vectors if v is not None]), 4) + 0.0
    digest = hashlib.sha256(rounded.astype("<f4").tobytes()).hexdigest()[:16]
    assert (1, "5ae4f6059f19f571") == (VERSION, digest)


def test_vectors_have_length_one() -> None:
    """Both kinds are normalised float32 of the space's dimension."""
    for vector in (ENCODER.query("dress"), ENCODER.document(["dress"], "")):
        assert vector is not None
        assert ((1024,), "float32") == (vector.shape, vector.dtype.name)
        assert pytest.approx(1.0, abs=1e-6) == float(np.linalg.norm(vector))


def test_the_order_of_tags_makes_no_difference() -> None:
    """An asset's tags are a set."""
    one, other = (
        ENCODER.document(tags, "") for tags in (["a1", "red", "dog"], ["dog", "red", "a1"])
    )
    assert one is not None
    assert other is not None
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("query", "tags"),
    [
        pytest.param("tee", ["shirt"], id="synonym"),
        pytest.param("シャツ", ["shirt"], id="japanese-to-english"),
        pytest.param("cat", ["ねこの写真"], id="english-to-japanese"),
        pytest.param("clothes", ["tee"], id="wider"),
        pytest.param("dogs", ["Dog"], id="plural"),
        pytest.param("t shirt", ["t-shirt"], id="joined"),
        pytest.param("smiling", ["smile"], id="pieces"),
        pytest.param("🍎", ["apple"], id="emoji"),
    ],
)
def test_words_that_belong_together_are_found(query: str, tags: list[str]) -> None:
    """They are nearer than chance."""
    assert score(query, *tags) > CHANCE


@pytest.mark.parametrize(
    ("query", "near", "far"),
    [
        pytest.param("shirt", ["shirt"], ["tee"], id="the-word-before-its-synonym"),
        pytest.param("rose", ["rose", "photo"], ["photo", "item"], id="rare-before-common"),
        pytest.param("cheddar", ["cheddar"], ["cheddar", "wine", "bread", "knife"], id="only-it"),
        pytest.param("tower bridge", ["tower bridge"], ["bridge", "tower"], id="the-whole-tag"),
    ],
)
def test_better_matches_go_first(query: str, near: list[str], far: list[str]) -> None:
    """The better one has the higher score."""
    assert score(query, *near) > score(query, *far)


def test_a_narrow_query_does_not_find_all_of_the_wider_group() -> None:
    """Who looks for a skirt does not want every shirt."""
    assert score("skirt", "shirt") < CHANCE


def test_strangers_are_at_right_angles() -> None:
    """Two assets that share no word are no nearer than chance."""
    pairs = [score(f"alpha{chr(97 + n)}", f"{chr(122 - n)}omega", "kappa") for n in range(20)]
    assert all(abs(one) < CHANCE for one in pairs)


def test_a_telling_file_name_is_enough() -> None:
    """Its words count like tags; a camera's name gives nothing."""
    assert score("red dress", filename="red-dress-03.jpg") > 0.5
    assert ENCODER.document([], "IMG_0003.jpg") is None


@pytest.mark.parametrize("tags", [[], ["the"], ["..."], ["", "  "]])
def test_without_a_word_there_is_no_vector(tags: list[str]) -> None:
    """Nothing is made up for an asset that nothing is known of."""
    assert ENCODER.document(tags, "") is None


@pytest.mark.parametrize("text", ["!", "the", "—", "の"])
def test_every_query_has_a_vector(text: str) -> None:
    """A query without words finds nothing; it is no error."""
    assert pytest.approx(1.0, abs=1e-6) == float(np.linalg.norm(ENCODER.query(text)))


def test_own_synonyms_make_a_space_of_their_own() -> None:
    """Vectors of two tables are never compared."""
    other = TagsEncoder("sprocket, gizmo, ギズモ")
    assert ENCODER.space.space_id != other.space.space_id
    vector = other.document(["gizmo"], "")
    assert vector is not None
    assert float(other.query("sprocket") @ vector) > CHANCE
