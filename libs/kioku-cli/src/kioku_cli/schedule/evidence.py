"""A page for people: each picture with boxes around what was read; one file, no scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from kioku.vlm.v1 import observation_pb2 as pb

from kioku_cli.refusal import Refusal
from kioku_cli.schedule.asking import Announcement
from kioku_cli.schedule.fields import doubts_of, fields_of, kind_of, when_of
from kioku_cli.sheet.thumbnail import EMPTY, thumbnail

_EDGE = 1600
_COLOURS = ("#d81b60", "#1e88e5", "#00897b", "#f4511e", "#8e24aa", "#6d4c41", "#3949ab", "#7cb342")
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; background: #fafafa; color: #222; }
main { display: flex; flex-wrap: wrap; gap: 2rem; } section { flex: 1 1 24rem; }
figure { position: relative; margin: 0; flex: 1 1 30rem; max-width: 60rem; align-self: flex-start; }
img { width: 100%; display: block; } .box { position: absolute; border: 2px solid; }
.box span, h2 span { color: #fff; font-size: 12px; padding: 0 .4em; }
td, th { text-align: left; vertical-align: top; padding: 2px 8px; border-bottom: 1px solid #ddd; }
.note { color: #777; }
"""


def write_pages(folder: Path, found: Sequence[Announcement]) -> list[Path]:
    """A page for each picture, named by its place in the list.  Raises Refusal."""
    written = []
    for number, one in enumerate(found, 1):
        path = folder / f"{number:02}-{Path(one.source.name).stem}.html"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(page(one), encoding="utf-8")
        except OSError as error:
            raise Refusal(f"{path} cannot be written: {error.strerror}.", reason="FILE") from error
        written.append(path)
    return written


def page(one: Announcement) -> str:
    """The document of one picture: nothing in it is fetched, and its words are only text."""
    entries = "".join(_entry(number, entry) for number, entry in enumerate(one.entries, 1))
    name = _text(one.source.name)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{name}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{name}</h1><main>{_figure(one)}\n<section>"
        f"{entries or f'<p>Nothing was read: {_text(one.abstained)}</p>'}"
        f"{_suspicions(one.suspicions)}</section></main></body></html>\n"
    )


def _figure(one: Announcement) -> str:
    """The picture with its boxes; nothing where it is no picture, or has several pages."""
    picture = thumbnail(one.source.data, _EDGE) if one.source.data else EMPTY
    marked = list(_marked(one.entries))
    if picture == EMPTY or any(evidence.page != 1 for _, _, evidence in marked):
        return ""
    boxes = "".join(_box(*mark) for mark in marked)
    return f'<figure><img src="{picture}" alt="the picture">{boxes}</figure>'


def _marked(entries: Iterable[pb.Entry]) -> Iterable[tuple[int, str, pb.Evidence]]:
    for number, entry in enumerate(entries, 1):
        for name, value in fields_of(entry):
            yield from ((number, name, evidence) for evidence in value.evidence)


def _box(number: int, name: str, evidence: pb.Evidence) -> str:
    colour, box = _COLOURS[(number - 1) % len(_COLOURS)], evidence.box
    place = f"left:{box.left:.2%};top:{box.top:.2%};width:{box.width:.2%};height:{box.height:.2%}"
    return (
        f'<div class="box" title="{_text(name)}" style="{place};border-color:{colour}">'
        f'<span style="background:{colour}">{number}</span></div>'
    )


def _entry(number: int, entry: pb.Entry) -> str:
    colour = _COLOURS[(number - 1) % len(_COLOURS)]
    rows = "".join(_row(name, value) for name, value in fields_of(entry))
    doubts = _text(" ".join(doubts_of(entry)))
    return (
        f'<h2><span style="background:{colour}">{number}</span> {_text(kind_of(entry))}, '
        f"{_text(when_of(entry))}</h2>"
        f'<p class="note">confidence {entry.confidence:.2f} {doubts}</p><table>{rows}</table>'
    )


def _row(name: str, value: pb.FieldValue) -> str:
    pages = ", ".join(dict.fromkeys(str(one.page) for one in value.evidence))
    cells = (name, value.value, value.raw, f"{value.confidence:.2f}", value.resolved_by, pages)
    return "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in cells) + "</tr>"


def _suspicions(suspicions: Sequence[pb.Suspicion]) -> str:
    if not suspicions:
        return ""
    rows = "".join(
        f"<tr><td>{_text(one.reason)}</td><td>{_text(one.evidence.quote)}</td></tr>"
        for one in suspicions
    )
    return f"<h2>Words that look meant for a machine</h2><table>{rows}</table>"


def _text(words: str) -> str:
    """Escaped; what cannot be seen, or turns the direction of writing, is shown as a mark."""
    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words))
