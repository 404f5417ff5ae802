"""Rows under headings: what a column is, days that only say their number, cells that span rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kioku_vlm.rules.labels import Role, labels_in, role_of
from kioku_vlm.rules.strip import Strip, pitch_of

_DAY = re.compile(
    r"^(?P<day>[12]\d|3[01]|"
    r"0?[1-9])\s?日?\s*(?:\(?(?P<week>[月火水木金土日])(?:曜日?)?(?:・?祝)?\)?(?=\s|$))?"
)
_WEEKDAY = re.compile(r"^\(?[月火水木金土日](?:曜日?)?\)?$")
_MONTH = re.compile(r"(?<!\d)(1[0-2]|0?[1-9])\s?月(?!\d)")
_ENGLISH_MONTH = re.compile(
    r"\b(January|February|March|April|May|June|July|August|September|October|November|"
    r"December)\b", re.I
)  # fmt: skip
_ENGLISH_DAY = re.compile(
    r"^(?:(?P<week>mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? )?(?P<day>[12]\d|3[01]|"
    r"0?[1-9])(?:st|nd|rd|th)?"
    r"(?:,? (?P<after>mon|tue|wed|thu|fri|sat|sun)[a-z]*)?(?=\s|$)", re.I
)  # fmt: skip


def headed(strips: Sequence[Strip]) -> list[Strip]:
    """Strips of one region with the roles that headings above, or labels before, give cells.

    The row of headings itself is left out.
    """
    found: list[Strip] = []
    columns: list[tuple[float, float, Role]] = []
    waiting: Role | None = None
    for strip in strips:
        heads = _heads(strip)
        if heads:
            columns, waiting = heads, None
            continue
        lone = role_of(strip.text)
        if lone is not None and len(strip.cells) == 1:
            waiting, columns = lone, []
            continue
        if len(strip.cells) == 1 and len(columns) > 2 and not _under(strip, columns):
            columns = []
        found.append(_with_roles(strip, columns, waiting, found))
        waiting = None
    return found


def _heads(strip: Strip) -> list[tuple[float, float, Role]]:
    """Columns of a row of headings: left, right and role; empty: it is none."""
    roles = [role_of(segment.text) for segment, _, _ in strip.cells]
    known = [role for role in roles if role is not None]
    if len(known) < 2 or len(known) < len(roles) - 1:
        return []
    # What a heading says that is none of ours names the rows, where no other one does.
    unknown = Role.OTHER if Role.TITLE in known else Role.TITLE
    seen: set[Role] = set()
    heads = []
    for role, (segment, _, _) in zip(roles, strip.cells, strict=True):
        told = role or unknown
        heads.append((segment.place.left, segment.place.right, _once(told, seen)))
        seen.add(told)
    return heads


def _once(role: Role, seen: set[Role]) -> Role:
    """A second column of names tells something else."""
    return Role.OTHER if role is Role.TITLE and role in seen else role


def _under(strip: Strip, columns: Sequence[tuple[float, float, Role]]) -> bool:
    place = strip.cells[0][0].place
    return any(place.left < right and place.right > left for left, right, _ in columns)


def _with_roles(
    strip: Strip,
    columns: Sequence[tuple[float, float, Role]],
    waiting: Role | None,
    before: Sequence[Strip],
) -> Strip:
    if waiting is not None:
        return replace(strip, roles=dict.fromkeys(range(len(strip.cells)), waiting.value))
    if columns:
        return replace(strip, roles=_column_roles(strip, columns))
    return _continued(strip, before[-1]) if before else strip


def _column_roles(strip: Strip, columns: Sequence[tuple[float, float, Role]]) -> dict[int, str]:
    roles: dict[int, str] = {}
    for at, (segment, _, _) in enumerate(strip.cells):
        left, right = segment.place.left, segment.place.right
        near = min(columns, key=lambda column: _distance(left, right, column))
        if _distance(left, right, near) < 3.0 * segment.size and not labels_in(segment.text):
            roles[at] = near[2].value
    return roles


def _distance(left: float, right: float, column: tuple[float, float, Role]) -> float:
    """From a cell to a heading: by their edges or middles, whichever are nearest; 0: overlap."""
    apart = max(column[0] - right, left - column[1])
    shifts = (
        abs(left - column[0]), abs(right - column[1]),
        abs((left + right) / 2 - (column[0] + column[1]) / 2),
    )  # fmt: skip
    return max(0.0, apart) + 0.1 * min(shifts)


def _continued(strip: Strip, above: Strip) -> Strip:
    """A line that stands under the value of a label belongs to it."""
    labels = labels_in(above.text)
    if len(strip.cells) != 1 or labels_in(strip.text) or len(above.cells) < 2 or not labels:
        return strip
    value, here = above.cells[-1][0], strip.cells[0][0]
    near = here.place.top - value.place.bottom < 1.2 * value.size
    if near and abs(here.place.left - value.place.left) < 0.7 * value.size:
        return replace(strip, roles={0: labels[-1].role.value})
    return strip


def month_in(text: str) -> str:
    """The month that a heading names, as it is put before a bare day; empty: none."""
    japanese = _MONTH.search(text)
    if japanese:
        return f"{int(japanese[1])}月"
    english = _ENGLISH_MONTH.search(text)
    return english[1].title() if english else ""


def bare_day(strip: Strip, month: str) -> tuple[str, int] | None:
    """A day said by its number alone in the first cell: as full words, and where it ends.

    Args:
        strip: the row.
        month: `6月` or `June`, from above.
    """
    if month.isascii():
        match = _ENGLISH_DAY.match(strip.text)
        week = (match["week"] or match["after"]) if match else ""
        return (f"{week or ''} {match['day']} {month}".strip(), match.end()) if match else None
    match = _DAY.match(strip.text)
    if not match:
        return None
    week, end = match["week"], match.end()
    if not week and len(strip.cells) > 1 and _WEEKDAY.match(strip.cells[1][0].text):
        week, end = strip.cells[1][0].text.strip("()")[0], strip.cells[1][2]
    alone = match.end() >= len(strip.cells[0][0].text.rstrip()) or week
    return (f"{month}{int(match['day'])}日" + (f"({week})" if week else ""), end) if alone else None


def spans_down(strip: Strip, row: Strip, date_right: float, pitch: float) -> bool:
    """Whether a row without a day belongs to the day above: it leaves that column empty."""
    gap = strip.place.top - row.place.top
    return strip.place.left >= date_right - 0.2 * strip.size and 0 < gap < 1.7 * max(pitch, gap / 2)


def row_pitch(strips: Sequence[Strip]) -> float:
    """The usual distance of rows of a region."""
    return pitch_of(strips)
