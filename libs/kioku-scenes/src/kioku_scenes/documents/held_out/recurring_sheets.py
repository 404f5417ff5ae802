"""Sheets of things that come again, and calendars of a month."""

from __future__ import annotations

import calendar
import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    BYDAY,
    LONG,
    MONTHS,
    SHORT,
    at,
    clock_en,
    next_weekday,
    nth_weekday,
    weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.table import TableLook, draw_table
from kioku_scenes.documents.truth import CLOSED, EVENT

# fmt: off

@design("yoga-week", "weekly timetable")
def yoga_week(rng: random.Random) -> Draft:
    """A studio's week as lines under the weekday's name; no term, no date anywhere."""
    draft = Draft(date(2026, 1, rng.randint(5, 20)), "en", "en-GB", "Europe/London")
    page = draft.page(900, 1400, (246, 250, 246), "sans")
    page.write(450, 70, "STILL WATER YOGA", 60, font="sans-bold", ink=(60, 110, 90), anchor="middle")
    page.write(450, 160, "weekly classes", 38, font="serif", anchor="middle")
    names = ["Vinyasa Flow", "Gentle Hatha", "Yin & Restore", "Beginners", "Pregnancy Yoga", "Sunrise Stretch"]
    rng.shuffle(names)
    y = 260.0
    for number in sorted(rng.sample(range(6), 4)):
        day, heading, lines = next_weekday(draft.reference, number), LONG[number].upper(), []
        for hour, minute in sorted(rng.sample([(7, 0), (9, 30), (12, 15), (18, 0), (19, 45)], rng.choice((1, 1, 2)))):
            if names:
                start, end = at(day, hour, minute), at(day, hour + 1, minute)
                item = draft.expect(EVENT, names.pop(), start, end, rrule=f"FREQ=WEEKLY;BYDAY={BYDAY[number]}", implied=("start",))
                heading = item("rrule", heading)
                lines.append((f"{item('start', f'{start:%H:%M}')}–{item('end', f'{end:%H:%M}')}", item("title")))
        page.write(90, y, heading, 36, font="sans-bold")
        y += 64
        for hours, name in lines:
            page.write(130, y, hours, 34, font="mono")
            page.write(430, y, name, 34)
            y += 60
        y += 24
    page.write(450, 1290, "Drop in £11 · 5-class pass £48 · 07700 900461", 30, anchor="middle")
    return draft


@design("health-lecture-series", "recurring series")
def health_lecture_series(rng: random.Random) -> Draft:
    """A course of five numbered meetings, each with its own day and its own theme."""
    draft = Draft(date(2026, 5, rng.randint(7, 18)))
    first = next_weekday(date(2026, 6, 2), rng.choice((1, 2, 3)))
    page = draft.page(1240, 1300, (250, 246, 255), "vl")
    page.write(620, 70, rng.choice(("健康づくり連続講座", "くらしの終活セミナー")), 62, ink=(90, 40, 130), anchor="middle")
    page.write(620, 170, "全５回　各回 13:30〜15:00　保健センター多目的室", 38, anchor="middle")
    themes = ["食生活を見直す", "血圧のはなし", "転ばない体をつくる", "薬とのつきあい方", "よく眠るために", "歯と口の健康"]
    rng.shuffle(themes)
    rows = [["回", "期日", "テーマ", "講師"]]
    for number, theme in enumerate(themes[:5], 1):
        day = first + timedelta(weeks=2 * (number - 1))
        item = draft.expect(EVENT, theme, at(day, 13, 30), at(day, 15), place="保健センター多目的室", implied=("place",))
        rows.append([str(number), item("start end", f"{day.month}月{day.day}日（{weekday(day)}）"), item("title"), rng.choice(("保健師 加藤", "管理栄養士 原", "医師 古川"))])
    draw_table(page, 80, 280, (90, 330, 420, 240), rows, look=TableLook(size=32, row=84, rule=(140, 110, 170), head=(226, 214, 240)))
    page.write(80, 860, "対　象　市内在住の方　30名（応募者多数のときは抽選）", 34)
    page.write(80, 930, "受講料　無料", 34)
    page.write(80, 1000, "お電話か窓口でお申し込みください。健康課 0745-55-0126", 34)
    return draft


@design("english-circle", "recurring series")
def english_circle(rng: random.Random) -> Draft:
    """A handwritten-looking card: every third weekday of a month."""
    draft = Draft(date(2026, 2, rng.randint(1, 10)))
    number = rng.choice((2, 4, 5))
    first = nth_weekday(2026, 2, number, 3)
    meet = draft.expect(EVENT, rng.choice(("絵本とあそぼう", "みんなの英語カフェ")), at(first, 10, 30), place="カフェ木もれ日", rrule=f"FREQ=MONTHLY;BYDAY=3{BYDAY[number]}", implied=("start",))
    page = draft.page(1000, 700, (255, 253, 240), "klee")
    page.write(90, 80, meet("title"), 76, font="klee-bold", ink=(50, 110, 120))
    page.write(90, 220, f"いつ…{meet('rrule', f'第３{weekday(first)}曜日')} {meet('start', '10時半')}から", 44)
    page.write(90, 300, f"どこで…{meet('place')}（２階）", 44)
    page.write(90, 380, f"いるもの…{meet.note('のみもの代500円')}", 44)
    page.write(90, 540, "お気軽に声をかけてください　まつだ 070-5555-0158", 34)
    return draft


@design("month-grid-en", "month calendar")
def month_grid_en(rng: random.Random) -> Draft:
    """A month from Monday to Sunday with American hours in the cells and closed days in red."""
    month = rng.randint(2, 11)
    draft = Draft(date(2026, month, 1) - timedelta(days=4), "en", "en-US", "America/New_York")
    page = draft.page(1600, 1230, (255, 255, 255), "sans")
    page.write(800, 50, f"{MONTHS[month - 1]} 2026", 70, font="serif-bold", ink=(30, 70, 60), anchor="middle")
    page.write(800, 140, "Maple Grove Senior Center", 36, font="serif", anchor="middle")
    names = ["Chair Yoga", "Bingo", "Book Club", "Tax Help", "Movie Day", "Blood Drive", "Potluck"]
    rng.shuffle(names)
    numbers = rng.sample(range(2, 28), 6)
    cells: dict[int, tuple[str, str]] = {}
    for number in numbers[:5]:
        day, hour = date(2026, month, number), rng.choice((9, 11, 13, 14))
        item = draft.expect(EVENT, names.pop(), at(day, hour, 30), place="Maple Grove Senior Center", implied=("place",))
        cells[number] = item("start", str(number)), f"{item('title')}\n{item('start', clock_en(at(day, hour, 30), 'am', 'pm', ''))}"
    shut = draft.expect(CLOSED, "CLOSED", date(2026, month, numbers[5]), place="Maple Grove Senior Center", implied=("place",))
    cells[numbers[5]] = shut("start end", str(numbers[5])), shut("title")
    for column in range(7):
        page.write(70 + column * 209 + 104, 210, SHORT[column], 30, anchor="middle")
    for row, week in enumerate(calendar.Calendar().monthdatescalendar(2026, month)):
        for column, day in enumerate(week):
            x, y = 70 + column * 209, 260 + row * 155
            page.box(x, y, x + 209, y + 155, edge=(170, 170, 170))
            if day.month == month:
                number_words, words = cells.get(day.day, (str(day.day), ""))
                page.write(x + 195, y + 8, number_words, 26, anchor="right")
                if words:
                    page.write(x + 12, y + 50, words, 27, ink=(200, 40, 40) if "CLOSED" in words else None)
    return draft
