"""The page of a contact sheet; every word in it that came from outside is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from kioku_cli.refusal import Refusal

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; background: #fafafa; color: #222; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.row { display: flex; flex-wrap: wrap; gap: 10px; align-items: flex-start; }
figure { margin: 0; width: 180px; background: #fff; border: 1px solid #ddd; border-radius: 6px;
  overflow: hidden; }
figure.hit { border: 2px solid #2a9d4a; } figure.query { border: 2px solid #3566c8; }
img { width: 100%; height: 150px; object-fit: contain; display: block; background: #f0f0f0; }
figcaption { padding: 4px 8px; font-size: 12px; overflow-wrap: anywhere; }
.score { font-weight: 600; } .note { color: #666; }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd; }
  figure { background: #262626; border-color: #444; } img { background: #222; } }
"""


@dataclass(frozen=True)
class Cell:
    """One picture: a data URI, a name, a score if it was found; `kind` is ``, `hit` or `query`."""

    picture: str
    name: str
    score: float | None = None
    kind: str = ""
    note: str = ""


@dataclass(frozen=True)
class Section:
    """One query and its answer."""

    title: str
    cells: Sequence[Cell]
    note: str = ""


def page(title: str, sections: Iterable[Section], lead: str = "") -> str:
    """The whole document: no script, no link, nothing fetched."""
    body = "\n".join(_section(section) for section in sections)
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f'<body><h1>{escape(title)}</h1><p class="note">{escape(lead)}</p>\n{body}\n'
        "</body></html>\n"
    )


def write_sheet(path: Path, title: str, sections: Iterable[Section], lead: str = "") -> None:
    """Write the document to a file. Raises Refusal where that cannot be."""
    try:
        path.write_text(page(title, sections, lead), encoding="utf-8")
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}.", reason="FILE") from error


def _section(section: Section) -> str:
    cells = "\n".join(_cell(cell) for cell in section.cells) or "<p>Nothing was found.</p>"
    note = f'<p class="note">{escape(section.note)}</p>' if section.note else ""
    return f'<h2>{escape(section.title)}</h2>{note}<div class="row">\n{cells}\n</div>'


def _cell(cell: Cell) -> str:
    score = "" if cell.score is None else f'<span class="score">{cell.score:.3f}</span> '
    note = f'<br><span class="note">{escape(cell.note)}</span>' if cell.note else ""
    return (
        f'<figure class="{escape(cell.kind)}">'
        f'<img src="{escape(cell.picture)}" alt="{escape(cell.name)}" loading="lazy">'
        f"<figcaption>{score}{escape(cell.name)}{note}</figcaption></figure>"
    )
