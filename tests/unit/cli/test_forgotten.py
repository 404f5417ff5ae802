"""The file beside a backup that says what was forgotten: what was written is read, or refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kioku_cli.backup.forgotten import read_forgotten, write_forgotten
from kioku_cli.refusal import Refusal

OWNERS = st.text(min_size=1, max_size=8)
LINES = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("consent"),
            "owner": OWNERS,
            "person_id": st.uuids().map(str),
            "version": st.integers(1, 9),
            "deleted": st.booleans(),
        }
    ),
    st.fixed_dictionaries(
        {"kind": st.just("face"), "owner": OWNERS, "face_id": st.uuids().map(str)}
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("place"),
            "owner": OWNERS,
            "sha256": st.just("a" * 64),
            "frame_no": st.integers(-1, 9),
            "box": st.lists(st.floats(0, 1, allow_subnormal=False), min_size=4, max_size=4),
        }
    ),
)


def canonical(lines: list[dict]) -> set[str]:
    return {json.dumps(one, sort_keys=True) for one in lines}


@given(st.lists(LINES, max_size=6))
def test_what_was_written_is_read(tmp_path_factory, lines):
    """Whatever names owners have."""
    path = tmp_path_factory.mktemp("f") / "forgotten.jsonl"
    write_forgotten(path, canonical(lines))
    assert canonical(lines) == read_forgotten(path)


GOOD = '{"face_id": "x", "kind": "face", "owner": "a"}\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD,
        '{"forgotten": 1}\n',
        GOOD + '{"forgotten": 2}\n',
        GOOD + '{"tombstones": 1}\n',
        '{"kind": "face", "owner": "a"}\n{"forgotten": 1}\n',
        '{"kind": "other", "owner": "a"}\n{"forgotten": 1}\n',
        '{"owner": "a", "face_id": "x"}\n{"forgotten": 1}\n',
        '[]\n{"forgotten": 1}\n',
        GOOD[:20],
        "\0",
    ],
)
def test_a_damaged_file_is_refused(tmp_path, text):
    """Bringing somebody back in silence is worse than not restoring."""
    path = tmp_path / "forgotten.jsonl"
    path.write_text(text)
    with pytest.raises(Refusal) as refused:
        read_forgotten(path)
    assert "TOMBSTONES_DAMAGED" == refused.value.reason


def test_a_file_that_is_not_there_is_refused(tmp_path):
    """It was part of the backup."""
    with pytest.raises(Refusal):
        read_forgotten(tmp_path / "none")
