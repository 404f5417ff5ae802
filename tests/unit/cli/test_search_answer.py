"""What `kioku search` asks for, and how it shows what a search found out."""

from __future__ import annotations

import pytest
from kioku.search.v1 import search_service_pb2 as pb
from kioku_cli import answers
from kioku_cli.answers import Question
from kioku_cli.commands.search import show_answer


def test_every_option_reaches_the_request() -> None:
    """By the contract's names; what is not asked for stays unset."""
    options = pb.ResultOptions(diversity=0.5, collapse_near_duplicates=True, min_relevance=0.25)
    question = Question(
        asset_id="a", also_text="at night", method="words", fusion="z-score", options=options
    )
    request = question.request()
    assert pb.SEARCH_METHOD_WORDS == request.method
    assert pb.FUSION_KIND_Z_SCORE == request.fusion.kind
    assert ("at night", options) == (request.also_text.text, request.options)
    assert "like a and at night" == question.title
    plain = Question(text="x").request()
    assert not plain.HasField("also_text")
    assert not plain.options.HasField("min_relevance")


def test_the_table_tells_relevance_look_alikes_and_moments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A dash where nothing is known; a sentence where nothing stands out."""
    video = pb.Hit(
        asset_id="v",
        filename="sea.mp4",
        score=0.3,
        relevance=0.87,
        similar_count=3,
        moments=[pb.Moment(time_ms=61_500, score=0.3)],
    )
    answer = pb.SearchResponse(hits=[video, pb.Hit(asset_id="p")], nothing_relevant=True)
    show_answer(answer)
    said = capsys.readouterr().out
    for part in ("0.87", "sea.mp4", "(+3 alike)", "at 61.5 s", "-", "stands out from chance"):
        assert part in said


class _Pages:
    """A session whose groups come in two pages, the first of them empty."""

    def __init__(self) -> None:
        self.search = self
        self.tokens: list[str] = []

    async def ListDuplicateGroups(  # noqa: N802 - named by the contract
        self, request: pb.ListDuplicateGroupsRequest
    ) -> pb.ListDuplicateGroupsResponse:
        self.tokens.append(request.page_token)
        if not request.page_token:
            return pb.ListDuplicateGroupsResponse(next_page_token="more")
        group = pb.DuplicateGroup(assets=[pb.Duplicate(asset_id="a"), pb.Duplicate(asset_id="b")])
        return pb.ListDuplicateGroupsResponse(groups=[group])


async def test_groups_are_read_to_the_last_page() -> None:
    """A page without a group is not the last one."""
    session = _Pages()
    groups = [one async for one in answers.duplicates(session, None)]  # type: ignore[arg-type]
    assert (["", "more"], 1) == (session.tokens, len(groups))
