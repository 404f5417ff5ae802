"""A bad picture fails alone, with a sentence and a stable reason; the ones around it succeed."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from bench.stack import Stack
from tests.e2e.app import App


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header announces a size its data do not have."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checked = kind + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * 100)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_damaged_files_fail_with_reasons_and_the_rest_succeeds(
    stack: Stack, scenes: Path, tmp_path: Path
) -> None:
    """Truncated, bomb, wrong-type and good pictures in one ingest: each ends as it must."""
    good = sorted(scenes.glob("*.jpg"))[:4]
    for path in good:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "truncated.jpg").write_bytes(good[0].read_bytes()[:3000])
    (tmp_path / "bomb.png").write_bytes(png_of(20_000, 20_000))
    (tmp_path / "nothing_wide.png").write_bytes(png_of(0, 10))
    report = stack.run("ingest", str(tmp_path), "--user", "clumsy")
    reasons = report["failures_by_reason"]

    assert report["ready"] == len(good)
    assert reasons["IMAGE_TRUNCATED"] == 1
    assert reasons["IMAGE_TOO_MANY_PIXELS"] == 1
    assert reasons["IMAGE_ZERO_SIZE"] == 1


def test_words_that_are_a_picture_in_name_only_are_refused_at_once(alice: App) -> None:
    """CompleteUpload itself refuses bytes that are no image, with the reason in the body."""
    data = b"this is no picture at all"
    announced = alice.announce(data, name="note.jpg")
    assert alice.put(announced, data).status_code == 200
    asset_id = announced["asset"]["asset_id"]
    answer = alice.post(f"/v1/assets/{asset_id}:completeUpload", {})
    asset = alice.http.get(f"/v1/assets/{asset_id}").json()["asset"]
    alice.http.delete(f"/v1/assets/{asset_id}")

    assert answer.status_code == 400
    assert "IMAGE_UNSUPPORTED_FORMAT" in answer.text
    assert asset["failure"]["reason"] == "IMAGE_UNSUPPORTED_FORMAT"


def test_bad_queries_are_refused_with_reasons(alice: App) -> None:
    """Each malformed query is a 400 with its reason, and none is a server error."""
    known = alice.http.get("/v1/stats").json()["spaces"][0]["space"]
    space, dimension = known["space_id"], known["dimension"]
    cases = {
        "TEXT_EMPTY": {"text": " \u200b "},
        "TEXT_TOO_LONG": {"text": "x" * 1_000_000},
        "TEXT_INVALID_CHARACTER": {"text": "a\u0000b"},
        "ONEOF_NOT_EXACTLY_ONE": {"k": 3},
        "ID_MALFORMED": {"asset_id": "../../etc/passwd"},
        "VECTOR_NOT_FINITE": {"vector": {"space_id": space, "values": ["NaN"] * dimension}},
        "VECTOR_WRONG_DIMENSION": {"vector": {"space_id": space, "values": [1.0, 2.0]}},
        "PAGE_TOKEN_INVALID": {"text": "a cat", "page_token": "forged"},
        "FIELD_INVALID": {"text": "a cat", "k": -1},
    }
    got = {reason: alice.post("/v1/search", body) for reason, body in cases.items()}

    assert {reason: answer.status_code for reason, answer in got.items()} == dict.fromkeys(
        cases, 400
    )
    assert [reason for reason, answer in got.items() if reason not in answer.text] == []


def test_odd_texts_are_plain_text(alice: App) -> None:
    """Emoji, right-to-left text, SQL and templates are searched like any words."""
    for text in ("🏳️‍🌈👩‍👩‍👧", "שלום עולם", "'; DROP TABLE search.assets; --", "{{7*7}}", "%_"):
        assert alice.post("/v1/search", {"text": text}).status_code == 200, text
