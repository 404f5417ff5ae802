"""A page for people: the picture with its evidence beside what was read; one file, no scripts."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

from kioku_vlm.calendar.marks import Mark, colour_of, fields_of, marks_of
from kioku_vlm.calendar.plain_text import one_line
from kioku_vlm.schedule_facts import Entry, Schedule, Value

_MOST = 500
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; background: #fafafa; color: #222; }
main { display: flex; flex-wrap: wrap; gap: 2rem; align-items: flex-start; }
section { flex: 1 1 24rem; } figure { margin: 0 0 1rem; flex: 1 1 30rem; max-width: 60rem; }
img { width: 100%; display: block; border: 1px solid #ccc; }
table { border-collapse: collapse; margin-bottom: 1.5rem; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: 2px 8px; border-bottom: 1px solid #ddd; }
.number { color: #fff; padding: 0 .5em; border-radius: 3px; } .note { color: #666; }
.flag { background: #ffe08a; padding: 0 .3em; border-radius: 3px; }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd; }
  td, th { border-color: #444; } .flag { color: #222; } }
"""


def evidence_page(title: str, schedule: Schedule, pictures: Mapping[int, bytes]) -> str:
    """The whole document: nothing in it is fetched, and words of the picture are only text.

    Args:
        title: of the page, for example the file's name.
        schedule: what was read.
        pictures: PNG of each page, by number, evidence drawn on it already (`sketch`).
    """
    figures = "".join(_figure(number, png) for number, png in sorted(pictures.items()))
    entries = "".join(_entry(n, one) for n, one in enumerate(schedule.entries, 1))
    nothing = f"<p>Nothing was read: {_text(schedule.abstained or 'NO_EVENT')}</p>"
    suspicions = _suspicions([mark for mark in marks_of(schedule) if not mark.number])
    return (
        "<!doctype html>\n"
        f'<html lang="{_language(schedule)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{_text(title)}</h1><main>{figures}\n"
        f"<section>{entries or nothing}{suspicions}</section></main></body></html>\n"
    )


def _figure(number: int, png: bytes) -> str:
    data = base64.b64encode(png).decode()
    return f'<figure><img src="data:image/png;base64,{data}" alt="page {number}"></figure>\n'


def _entry(number: int, entry: Entry) -> str:
    colour = colour_of(number)
    flags = "".join(f' <span class="flag">{_text(flag)}</span>' for flag in entry.flags)
    zone = f", {_text(entry.zone)} by {_text(entry.zone_by)}" if entry.zone else ", no zone"
    rows = "".join(_row(name, value) for name, value in fields_of(entry))
    return (
        f'<h2><span class="number" style="background:{colour}">{number}</span> '
        f"{entry.kind.value.lower()}{flags}</h2>"
        f'<p class="note">confidence {entry.confidence:.2f}{zone}</p>'
        "<table><tr><th>field</th><th>value</th><th>as written</th><th>sure</th><th>by</th></tr>"
        f"{rows}</table>\n"
    )


def _row(name: str, value: Value) -> str:
    others = f' <span class="note">or {_text(", ".join(value.alternatives))}</span>'
    flags = "".join(f' <span class="flag">{_text(flag)}</span>' for flag in value.flags)
    cells = (
        _text(name),
        _text(value.value) + (others if value.alternatives else "") + flags,
        _text(value.raw),
        f"{value.confidence:.2f}",
        _text(value.resolved_by),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _suspicions(marks: Sequence[Mark]) -> str:
    if not marks:
        return ""
    rows = "".join(
        f"<tr><td>{_text(mark.field)}</td><td>{mark.page}</td><td>{_text(mark.quote)}</td></tr>"
        for mark in marks
    )
    head = "<tr><th>why</th><th>page</th><th>words</th></tr>"
    return f"<h2>Words that look meant for a machine</h2><table>{head}{rows}</table>"


def _language(schedule: Schedule) -> str:
    return "ja" if schedule.language == "ja" else "en"


def _text(words: str) -> str:
    return escape(one_line(words, _MOST))
