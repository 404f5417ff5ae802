"""Logs are read as whole lines, from the end, and across a cut."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kioku_cli.data import DataFolder
from kioku_cli.logs import LogReader, show_last
from kioku_cli.readable import readable
from kioku_cli.supervisor.logs import trim_logs


def test_the_last_lines_come_first(tmp_path: Path) -> None:
    """A reader begins with as many lines as it was asked for."""
    log = tmp_path / "nats.log"
    log.write_text("".join(f"line {n}\n" for n in range(100)))
    reader = LogReader(log, 2)
    assert ["line 98", "line 99"] == reader.news()
    assert [] == reader.news()


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    """No line is shown in two pieces."""
    log = tmp_path / "nats.log"
    log.write_text("whole\nha")
    reader = LogReader(log, 10)
    assert ["whole"] == reader.news()
    with log.open("a") as more:
        more.write("lf\n")
    assert ["half"] == reader.news()


def test_a_log_that_appears_later_is_read(tmp_path: Path) -> None:
    """A component may start after the view was opened."""
    log = tmp_path / "search.log"
    reader = LogReader(log, 5)
    assert [] == reader.news()
    log.write_text("here\n")
    assert ["here"] == reader.news()


def test_a_cut_log_is_read_on(tmp_path: Path) -> None:
    """After the log was cut, new lines are shown and old ones are not again."""
    log = tmp_path / "search.log"
    log.write_text("old\n" * 10)
    reader = LogReader(log, 1)
    reader.news()
    os.truncate(log, 0)
    with log.open("a") as more:
        more.write("new\n")
    assert ["new"] == reader.news()


def test_long_logs_are_cut_and_kept_once(tmp_path: Path) -> None:
    """A log above the limit becomes `.1`; the file itself stays, for who writes to it."""
    data = DataFolder(tmp_path)
    data.make()
    data.log("nats").write_text("x" * 100)
    data.log("search").write_text("short")
    trim_logs(data, longest=50)
    assert (0, 5) == (data.log("nats").stat().st_size, data.log("search").stat().st_size)
    assert 100 == data.log("nats").with_suffix(".log.1").stat().st_size


def test_several_logs_in_one_answer(tmp_path: Path) -> None:
    """Each line knows its component."""
    data = DataFolder(tmp_path)
    data.make()
    data.log("a").write_text("one\n")
    data.log("b").write_text("two\n")
    wanted = [{"component": "a", "line": "one"}, {"component": "b", "line": "two"}]
    assert wanted == show_last(data, ["a", "b"], 5)


def test_json_records_are_read_as_words() -> None:
    """Time, level where it matters, event, and the rest."""
    line = (
        '{"port": 1, "who": "a b", "event": "service.started", "level": "warning",'
        ' "time": "2026-11-21T08:00:55.3Z", "service": "search"}'
    )
    assert '08:00:55 WARNING service.started port=1 who="a b"' == readable(line)


def test_a_traceback_keeps_its_lines() -> None:
    """An exception inside a record is shown below it."""
    assert "boom\nTraceback\n  here" == readable(
        '{"event": "boom", "exception": "Traceback\\n  here"}'
    )


@pytest.mark.parametrize("line", ["plain", "{half", "[1]", "", "{}x"])
def test_other_lines_stay_as_they_are(line: str) -> None:
    """What is no record is not touched."""
    assert line == readable(line)
