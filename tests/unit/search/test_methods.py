"""Which lists a search asks, and what it does when one of them has no answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from kioku_rt.auth import Acting, Principal
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_search.assets.asset import Kind
from kioku_search.hybrid.methods import SearchByMethod
from kioku_search.hybrid.results import FUSED, JOINED
from kioku_search.searching.options import AlsoText, Fusion, FusionKind, Method, Options
from kioku_search.searching.query import (
    ImageQuery,
    JointQuery,
    LikeQuery,
    Query,
    TextQuery,
    VectorQuery,
)
from kioku_search.searching.search import Answer, Neighbour, Wanted
from kioku_search.spaces.space import IMAGE, TAG, Space

WHO = Acting("o", Principal("o", False, frozenset(), "t"), on_behalf=False)
BY_SIGHT, BY_TAGS, BY_BOTH = (UUID(int=n) for n in (1, 2, 3))
WORDS = TextQuery("red dress")


def space(kind: str) -> Space:
    """A space of a kind."""
    return Space(f"{kind.lower()}@0", kind, "m", "r", 1024, "COSINE", "p", True, "float32")


class FakeSearch:
    """One list by kind; what fails is set by kind."""

    def __init__(self) -> None:
        self.failing: dict[str, KiokuError] = {}
        self.failing_queries: dict[type, KiokuError] = {}
        self.asked: list[str] = []
        self.queries: list[Query] = []

    async def search(self, _acting: Acting, query: Query, _wanted: Wanted, **how: Any) -> Answer:
        kind = how["kind"]
        self.asked.append(kind)
        self.queries.append(query)
        if type(query) in self.failing_queries:
            raise self.failing_queries[type(query)]
        if kind in self.failing:
            raise self.failing[kind]
        if how["page_token"] not in ("", kind):
            raise InvalidInput(Reason.PAGE_TOKEN_INVALID, field="page_token")
        mine = BY_SIGHT if kind == IMAGE else BY_TAGS
        method = Method.VISUAL if kind == IMAGE else Method.TAGS
        hits = tuple(
            Neighbour(one, 0.25, "", Kind.IMAGE, (), None, "exact") for one in (mine, BY_BOTH)
        )
        return Answer(hits, kind, kind, "exact", 1.0, 2.0, False, method=method)


class FakeSpaces:
    """Which kinds have an active space."""

    def __init__(self) -> None:
        self.kinds = {IMAGE, TAG}

    async def find_serving(self, kind: str, _owner: str) -> Space | None:
        return space(kind) if kind in self.kinds else None


class FakeCoverage:
    """Whether some assets have tags only."""

    def __init__(self) -> None:
        self.unfinished = False

    async def some_by_tags_only(self, _acting: Acting, *_spaces: str) -> bool:
        return self.unfinished


class FakeWords:
    """The list of words; what has them is set."""

    def __init__(self) -> None:
        self.found: list[UUID] = []
        self.asked: list[str] = []
        self.least: list[float | None] = []

    async def search(self, _acting: Acting, text: str, _wanted: Wanted, **how: Any) -> Answer:
        self.asked.append(text)
        self.least.append(how["min_score"])
        hits = tuple(Neighbour(one, 0.0, "", Kind.IMAGE, (), None, "words") for one in self.found)
        return Answer(hits, "", "", "words", 0.0, 1.0, False, method=Method.WORDS)


class PlainRefinement:
    """Leaves everything as it is."""

    async def refine(self, _acting: Acting, answer: Answer, _options: Options) -> Answer:
        return answer


class World:
    """A search by method over fakes."""

    def __init__(self) -> None:
        self.lists, self.spaces, self.coverage = FakeSearch(), FakeSpaces(), FakeCoverage()
        self.words = FakeWords()
        self._search = SearchByMethod(
            self.lists,
            self.words,
            self.spaces,
            self.coverage,
            PlainRefinement(),  # type: ignore[arg-type]
        )

    async def ask(
        self,
        method: Method = Method.AUTO,
        query: Query = WORDS,
        page_token: str = "",
        **options: Any,
    ) -> Answer:
        asked = Options(k=10, method=method, **options)
        return await self._search.search(WHO, query, Wanted(), asked, page_token=page_token)


@pytest.fixture
def world() -> World:
    """Both spaces are there, and every asset has been seen."""
    return World()


@pytest.mark.parametrize(
    ("method", "kind"), [(Method.VISUAL, IMAGE), (Method.TAGS, TAG)], ids=["visual", "tags"]
)
async def test_a_method_that_is_named_asks_its_list_alone(
    world: World, method: Method, kind: str
) -> None:
    """And says so."""
    answer = await world.ask(method)
    assert ([kind], method) == (world.lists.asked, answer.method)


async def test_combined_fuses_both_lists_into_one_page(world: World) -> None:
    """What both have goes first, with its place in each; there is no next page."""
    answer = await world.ask(Method.COMBINED)
    assert (BY_BOTH, Method.COMBINED, "") == (
        answer.hits[0].asset_id,
        answer.method,
        answer.next_page_token,
    )
    assert [Method.VISUAL, Method.TAGS] == [part.method for part in answer.parts[BY_BOTH]]
    with pytest.raises(InvalidInput) as refused:
        await world.ask(Method.COMBINED, page_token=IMAGE)
    assert Reason.PAGE_TOKEN_INVALID == refused.value.reason


async def test_auto_looks_at_what_is_seen_when_all_was_seen(world: World) -> None:
    """The visual space has taken over."""
    assert Method.VISUAL == (await world.ask()).method


async def test_auto_looks_at_both_while_some_have_tags_only(world: World) -> None:
    """A catalogue is searchable before the model has looked at it."""
    world.coverage.unfinished = True
    answer = await world.ask()
    assert (Method.COMBINED, {BY_SIGHT, BY_TAGS, BY_BOTH}) == (
        answer.method,
        {hit.asset_id for hit in answer.hits},
    )


@pytest.mark.parametrize("unfinished", [False, True], ids=["all-seen", "some-seen"])
@pytest.mark.parametrize(
    "failure",
    [
        DependencyDown("embedder", reason=Reason.EMBEDDER_UNAVAILABLE),
        KiokuError(Reason.TEXT_NOT_SUPPORTED),
        KiokuError(Reason.SPACE_NOT_SERVED),
    ],
    ids=["model-away", "no-words", "other-model"],
)
async def test_auto_looks_at_tags_while_the_model_cannot_be_asked(
    world: World, failure: KiokuError, unfinished: bool
) -> None:
    """An answer by tags is better than none, and says what it is."""
    world.coverage.unfinished = unfinished
    world.lists.failing[IMAGE] = failure
    answer = await world.ask()
    assert (Method.TAGS, BY_TAGS) == (answer.method, answer.hits[0].asset_id)


async def test_auto_works_with_either_space_alone(world: World) -> None:
    """Before any model, and before any tags."""
    world.spaces.kinds = {TAG}
    assert Method.TAGS == (await world.ask()).method
    world.spaces.kinds = {IMAGE}
    assert Method.VISUAL == (await world.ask()).method


async def test_auto_does_not_hide_other_failures(world: World) -> None:
    """A refusal stays a refusal, and with nobody to ask the first reason is told."""
    world.lists.failing[IMAGE] = KiokuError(Reason.ASSET_NOT_FOUND)
    with pytest.raises(KiokuError) as missing:
        await world.ask(query=LikeQuery(uuid4()))
    assert Reason.ASSET_NOT_FOUND == missing.value.reason
    down = DependencyDown("embedder", reason=Reason.EMBEDDER_UNAVAILABLE)
    world.lists.failing = {IMAGE: down, TAG: down}
    with pytest.raises(DependencyDown):
        await world.ask()


async def test_a_page_token_leads_back_to_its_list(world: World) -> None:
    """By the list's own name, whatever has changed meanwhile; AUTO has none."""
    world.coverage.unfinished = True
    assert Method.TAGS == (await world.ask(Method.TAGS, page_token=TAG)).method
    assert Method.VISUAL == (await world.ask(Method.VISUAL, page_token=IMAGE)).method
    with pytest.raises(InvalidInput) as refused:
        await world.ask(page_token=IMAGE)
    assert Reason.PAGE_TOKEN_INVALID == refused.value.reason


@pytest.mark.parametrize(
    "query",
    [ImageQuery(b"x", "0"), VectorQuery("image@0", np.ones(2))],
    ids=["picture", "vector"],
)
@pytest.mark.parametrize("method", list(Method))
async def test_pictures_and_vectors_are_always_looked_for_by_sight(
    world: World, query: Query, method: Method
) -> None:
    """They say nothing that a tag could match."""
    answer = await world.ask(method, query)
    assert ([IMAGE], Method.VISUAL) == (world.lists.asked, answer.method)


async def test_an_asset_without_a_visual_vector_is_compared_by_its_tags(world: World) -> None:
    """One list that lacks it leaves the other its say; if both do, the reason is told."""
    world.lists.failing[IMAGE] = KiokuError(Reason.ASSET_NOT_READY)
    for method in (Method.AUTO, Method.COMBINED):
        assert Method.TAGS == (await world.ask(method, LikeQuery(uuid4()))).method
    world.lists.failing[TAG] = KiokuError(Reason.ASSET_NOT_READY)
    with pytest.raises(KiokuError) as missing:
        await world.ask(Method.COMBINED, LikeQuery(uuid4()))
    assert Reason.ASSET_NOT_READY == missing.value.reason


async def test_words_that_are_written_join_what_is_seen(world: World) -> None:
    """AUTO fuses both; in one page, and what has the words goes first of equals."""
    world.words.found = [BY_BOTH]
    answer = await world.ask()
    assert (Method.COMBINED, BY_BOTH, "") == (
        answer.method,
        answer.hits[0].asset_id,
        answer.next_page_token,
    )
    assert [IMAGE] == world.lists.asked
    assert FusionKind.RRF == answer.findings.fusion


async def test_words_alone_need_no_model(world: World) -> None:
    """Named, or left over while neither model answers; with nothing found the failure is told."""
    world.words.found = [BY_TAGS]
    down = DependencyDown("embedder", reason=Reason.EMBEDDER_UNAVAILABLE)
    world.lists.failing = {IMAGE: down, TAG: down}
    for method in (Method.WORDS, Method.AUTO):
        answer = await world.ask(method)
        assert (Method.WORDS, BY_TAGS) == (answer.method, answer.hits[0].asset_id)
    world.words.found = []
    with pytest.raises(DependencyDown):
        await world.ask()


async def test_chance_likeness_of_words_does_not_go_before_what_is_seen(world: World) -> None:
    """AUTO wants most words written; who names the method, or has nothing else, gets all."""
    world.coverage.unfinished = True
    for method, least in ((Method.AUTO, 0.6), (Method.COMBINED, None), (Method.WORDS, None)):
        await world.ask(method)
        assert least == world.words.least[-1]
    world.coverage.unfinished = False
    await world.ask(min_score=0.7)
    await world.ask(min_score=0.1)
    assert [0.7, 0.6] == world.words.least[-2:]
    world.spaces.kinds = {TAG}
    await world.ask()
    assert world.words.least[-1] is None


async def test_a_list_without_weight_is_not_asked(world: World) -> None:
    """By any method that fuses; if none is left, that is refused."""
    only_words = Fusion(weights=(0.0, 0.0, 1.0))
    world.words.found = [BY_TAGS]
    for method in (Method.COMBINED, Method.AUTO):
        assert Method.WORDS == (await world.ask(method, fusion=only_words)).method
    assert [] == world.lists.asked
    with pytest.raises(InvalidInput) as refused:
        await world.ask(Method.COMBINED, LikeQuery(uuid4()), fusion=only_words)
    assert Reason.FIELD_INVALID == refused.value.reason


async def test_a_picture_and_words_are_one_question(world: World) -> None:
    """One vector of both; with a model that has no words, two lists that are weighed."""
    also = AlsoText("at night", 0.25)
    picture = ImageQuery(b"x", "0")
    answer = await world.ask(query=picture, also_text=also)
    assert ([JointQuery(picture, "at night", 0.25)], JOINED) == (
        world.lists.queries,
        answer.findings.also_text,
    )
    world.words.found = [BY_BOTH]
    world.lists.failing_queries = {JointQuery: KiokuError(Reason.TEXT_NOT_SUPPORTED)}
    late = await world.ask(query=picture, also_text=also)
    assert (Method.COMBINED, FUSED, ["at night"]) == (
        late.method,
        late.findings.also_text,
        world.words.asked,
    )
    weights = {part.method: part.weight for parts in late.parts.values() for part in parts}
    assert {Method.VISUAL: 0.75, Method.TAGS: 0.25, Method.WORDS: 0.25} == weights


async def test_words_beside_words_are_refused(world: World) -> None:
    """And so is an asset by words, and a further page of what has one only."""
    for query, options in (
        (WORDS, {"also_text": AlsoText("x")}),
        (LikeQuery(uuid4()), {"method": Method.WORDS}),
        (WORDS, {"page_token": IMAGE, "diversity": 0.5}),
        (WORDS, {"page_token": IMAGE, "collapse": 0.97}),
    ):
        with pytest.raises(InvalidInput):
            await world.ask(query=query, **options)
