"""Things that come again: timetables of a week and series of a month."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import BYDAY, WEEKDAYS, at, clock, era, next_weekday, nth_weekday
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.table import TableLook, draw_table
from kioku_scenes.documents.truth import EVENT, NOTICE

# fmt: off

@design("timetable-ja", "weekly timetable")
def timetable_ja(rng: random.Random) -> Draft:
    """Courses of a term as a grid: weekdays across, hours down."""
    draft = Draft(date(2026, 3, rng.randint(10, 25)))
    first, last = date(2026, 4, 6), date(2026, 9, 26)
    names = ["書道", "太極拳", "やさしい英会話", "水彩画", "健康体操", "ハーモニカ", "囲碁入門"]
    rng.shuffle(names)
    hours = ((10, 0), (13, 30), (18, 30))
    cells = [["", "", "", "", ""] for _ in hours]
    for name, slot in zip(names, rng.sample([(row, column) for row in range(3) for column in range(5)], 6), strict=False):
        row, column = slot
        day = next_weekday(first, column)
        hour, minute = hours[row]
        entry = draft.expect(
            EVENT, name, at(day, hour, minute), at(day, hour + 1, minute + 15), place="けやき文化センター",
            rrule=f"FREQ=WEEKLY;BYDAY={BYDAY[column]};UNTIL={last:%Y%m%d}", implied=("place",),
        )
        cells[row][column] = entry("title")
    heads, sides = list("月火水木金"), []
    for (hour, minute), row_cells in zip(hours, cells, strict=True):
        start, end = at(first, hour, minute), at(first, hour + 1, minute + 15)
        numbers = [str(entry.number) for entry in draft.entries if entry.title in "".join(row_cells)]
        sides.append(_all(draft, numbers, "start", clock(start)) + "\n〜" + _all(draft, numbers, "end", clock(end)))
    heads = [_all(draft, [str(e.number) for e in draft.entries if e.rrule.find(f"BYDAY={BYDAY[at]};") > 0], "rrule", name) for at, name in enumerate(heads)]
    page = draft.page(1440, 1040, (252, 252, 248), "mplus2")
    page.write(720, 60, "けやき文化センター 前期講座 時間割", 52, font="mplus2-bold", anchor="middle")
    page.write(720, 160, f"期間：{_all(draft, [str(e.number) for e in draft.entries], 'start', era(first))}〜{last.month}月{last.day}日（祝日も開講）", 34, anchor="middle")
    rows = [["", *heads], *([side, *row] for side, row in zip(sides, cells, strict=True))]
    draw_table(page, 90, 250, (200, 212, 212, 212, 212, 212), rows, look=TableLook(size=28, row=100, head=(228, 238, 220)))
    page.write(90, 800, "受講料　半期9,600円（教材費別）　定員各15名", 32)
    page.write(90, 860, "254-0099 平塚市新町4-1　電話 0463-55-0133", 30)
    return draft


def _all(draft: Draft, numbers: list[str], field: str, words: str) -> str:
    """Words that say the same field of several entries."""
    for number in numbers:
        words = draft.entries[int(number)](field, words)
    return words


@design("workshop-series", "recurring series")
def workshop_series(rng: random.Random) -> Draft:
    """The second and the fourth Saturday of a month, a pause in August, and when to apply."""
    draft = Draft(date(2026, 3, rng.randint(1, 9)))
    weekday, code = rng.choice(((5, "SA"), (6, "SU")))
    first = nth_weekday(2026, 4, weekday, 2)
    off = nth_weekday(2026, 8, weekday, 2), nth_weekday(2026, 8, weekday, 4)
    title = rng.choice(("はじめての木工教室", "親子プログラミング講座", "着付けサロン"))
    series = draft.expect(
        EVENT, title, at(first, 10), at(first, 11, 45), place="生涯学習館 3階 工作室",
        rrule=f"FREQ=MONTHLY;BYDAY=2{code},4{code};UNTIL=20260930", exdates=off,
    )
    opening = next_weekday(date(2026, 3, 12), 6)
    applying = draft.expect(NOTICE, "申込開始", at(opening, 9))
    page = draft.page(1240, 900, (238, 246, 252), "p-gothic")
    page.write(80, 70, series("title"), 84, ink=(20, 70, 140))
    page.write(80, 230, f"{series('rrule', f'毎月 第2・第4{WEEKDAYS[weekday]}曜日')}　{series('start', clock(at(first, 10)))}〜{series('end', clock(at(first, 11, 45)))}", 52)
    page.write(80, 330, f"開講期間　{series('start', '2026年4月')}〜9月（{series('exdate', '8月はお休み')}）", 44)
    page.write(80, 420, f"会　　場　{series('place')}", 44)
    page.write(80, 510, f"参 加 費　{series.note('1回 700円（材料費込み）')}", 44)
    page.box(80, 620, 1160, 740, fill=(20, 70, 140))
    page.write(110, 650, f"{applying('title')}　{applying('start', f'{opening.month}/{opening.day}({WEEKDAYS[opening.weekday()]}) 午前9時')}より先着順", 44, ink=(255, 255, 255))
    page.write(80, 790, "窓口またはお電話で。046-555-0155（受付9時〜17時）", 34)
    return draft


@design("choir-en", "recurring series")
def choir_en(rng: random.Random) -> Draft:
    """Every week at one hour, from a day on, with two evenings off."""
    draft = Draft(date(2026, 8, rng.randint(10, 28)), "en", zone="Europe/Dublin")
    weekday = rng.choice((0, 1, 3))
    names = ("Mondays", "Tuesdays", "", "Thursdays")
    first = next_weekday(date(2026, 9, 7), weekday)
    off = first + timedelta(weeks=7)
    choir = draft.expect(
        EVENT, "Harbour Community Choir", at(first, 19, 30), at(first, 21), place="Scoil Mhuire",
        rrule=f"FREQ=WEEKLY;BYDAY={BYDAY[weekday]};UNTIL=20261211", exdates=(off,),
    )
    page = draft.page(900, 1270, (250, 240, 246), "sans")
    page.write(450, 100, "SING WITH US!", 84, font="sans-bold", ink=(130, 30, 90), anchor="middle")
    page.write(450, 270, choir("title"), 52, font="serif-bold", anchor="middle")
    page.write(450, 410, choir("rrule", f"Every week on {names[weekday]}"), 46, anchor="middle")
    page.write(450, 490, f"{choir('start', '7:30')} – {choir('end', '9:00 pm')}", 60, font="sans-bold", anchor="middle")
    page.write(450, 600, f"starting {choir('start', f'{first.day} September 2026')}, until {choir('rrule', '11 December')}", 34, anchor="middle")
    page.write(450, 680, choir("exdate", f"(no rehearsal on {off.day} {'October' if off.month == 10 else 'November'})"), 34, anchor="middle")
    page.write(450, 800, choir("place"), 50, font="serif", anchor="middle")
    page.write(450, 930, choir.note("No auditions. €5 per evening."), 38, anchor="middle")
    page.write(450, 1140, "harbourchoir.example  ·  087 555 0121", 30, font="mono", anchor="middle")
    return draft
