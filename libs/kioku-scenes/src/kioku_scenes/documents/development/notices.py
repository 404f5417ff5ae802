"""Vertical notices and what clinics post at their doors."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import BYDAY, at, era_kanji, kanji, next_weekday, weekday
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.table import TableLook, draw_table
from kioku_scenes.documents.truth import CLOSED, EVENT

# fmt: off

@design("vertical-notice", "vertical notice")
def vertical_notice(rng: random.Random) -> Draft:
    """Five columns from right to left with numbers in kanji."""
    draft = Draft(date(2026, 8, rng.randint(3, 20)))
    day = next_weekday(date(2026, 9, rng.randint(1, 20)), 6)
    hour = rng.choice((8, 9, 10))
    title = rng.choice(("秋の清掃奉仕", "敬老のつどい", "総合防災訓練"))
    place = rng.choice(("南町公民館前広場", "第二児童公園"))
    event = draft.expect(EVENT, title, at(day, hour), at(day, 12), place=place)
    page = draft.page(1000, 1400, (250, 248, 238), "mincho")
    page.column(830, 90, f"{event('title')}のお知らせ", 72)
    page.column(690, 130, f"日時　{event('start end', era_kanji(day))}（{weekday(day)}）", 48)
    page.column(600, 240, f"{event('start', f'午前{kanji(hour)}時')}から{event('end', '正午')}まで", 48)
    page.column(490, 130, f"場所　{event('place')}", 48)
    page.column(380, 130, event.note(rng.choice(("軍手・飲み物をご持参ください", "動きやすい服装でお越しください"))), 44)
    page.column(150, 800, "南町自治会", 46)
    return draft


@design("clinic-closing", "clinic hours")
def clinic_closing(rng: random.Random) -> Draft:
    """Consultation hours as a table, the weekday that is closed, and a summer closing."""
    draft = Draft(date(2026, 7, rng.randint(1, 15)))
    host = f"{rng.choice(('もりた内科', 'つばき小児科', 'さかい耳鼻科'))}クリニック"
    first = date(2026, 8, rng.choice((10, 11, 12)))
    last = first + timedelta(days=rng.randint(3, 5))
    closed = rng.choice((2, 3))
    summer = draft.expect(CLOSED, "夏季休診", first, last, place=host, implied=("place",))
    weekly = draft.expect(CLOSED, "休診日", next_weekday(draft.reference, closed), rrule=f"FREQ=WEEKLY;BYDAY={BYDAY[closed]},SU", place=host, implied=("start", "place"))
    page = draft.page(1240, 1240, (246, 252, 250), "vl-p")
    page.write(620, 70, host, 60, anchor="middle", ink=(20, 110, 100))
    page.write(90, 190, "■ 診療時間", 40)
    days = ["", *"月火水木金土"]
    morning = ["午前 9:00〜12:00", *("／" if i == closed else "○" for i in range(6))]
    evening = ["午後 3:00〜6:30", *("／" if i in (closed, 5) else "○" for i in range(6))]
    look = TableLook(size=32, row=70, rule=(20, 110, 100), head=(214, 238, 232))
    y = draw_table(page, 90, 260, (340, 110, 110, 110, 110, 110, 110), (days, morning, evening), look=look)
    page.write(90, y + 30, f"{weekly('title')}：{weekly('rrule', f'{weekday(next_weekday(draft.reference, closed))}曜・日曜')}・祝日", 36)
    page.box(90, y + 130, 1150, y + 400, fill=(255, 255, 255), edge=(200, 90, 60), width=4)
    page.write(130, y + 155, f"{summer('title')}のお知らせ", 46, ink=(200, 90, 60))
    words = summer("start", f"{first.month}月{first.day}日（{weekday(first)}）")
    words += "〜" + summer("end", f"{last.month}月{last.day}日（{weekday(last)}）")
    page.write(130, y + 235, f"{words}は休診いたします。", 38)
    reopened = last + timedelta(days=1)
    page.write(130, y + 310, f"{reopened.day}日より通常どおり診療いたします。", 34)
    page.write(620, y + 480, "ご予約・お問い合わせ ☎ 0467-55-0128", 34, font="gothic", anchor="middle")
    return draft
