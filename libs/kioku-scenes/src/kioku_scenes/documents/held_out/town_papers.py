"""Papers of towns, museums and dentists, and notices in two languages."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    BYDAY,
    at,
    clock,
    era,
    half_day_ja,
    long_weekday,
    month_name,
    next_weekday,
    slashed,
    weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.truth import CLOSED, DEADLINE, EVENT, NOTICE

# fmt: off

@design("ward-news", "community bulletin")
def ward_news(rng: random.Random) -> Draft:
    """Two columns of short items as town papers print them: name, then symbols for day and place."""
    draft = Draft(date(2026, 6, 11))
    page = draft.page(1400, 1240, font="p-gothic")
    page.box(0, 0, 1400, 120, fill=(20, 90, 70))
    page.write(60, 30, "広報ほしの　情報ひろば", 56, ink=(255, 255, 255))
    page.write(1340, 50, "2026年6月11日号", 32, ink=(255, 255, 255), anchor="right")
    items = [("夏野菜の料理教室", "東部公民館", (10, 0), (13, 0)), ("消費生活講演会", "市役所 ５階大会議室", (14, 0), (15, 30)),
             ("天体観望会", "星の子プラネタリウム", (19, 0), (20, 30)), ("犬のしつけ方教室", "中央公園 芝生広場", (9, 30), (11, 0))]
    rng.shuffle(items)
    for number, (name, place, begins, ends) in enumerate(items):
        x, y = 60 + (number % 2) * 680, 180 + (number // 2) * 480
        day = next_weekday(date(2026, 7, rng.randint(1, 22)), rng.choice((2, 5, 6)))
        due = day - timedelta(days=rng.randint(8, 14))
        item = draft.expect(EVENT, name, at(day, *begins), at(day, *ends), place=place)
        entry = draft.expect(DEADLINE, name, due) if number % 2 == 0 else None
        page.write(x, y, entry("title", item("title")) if entry else item("title"), 42, ink=(20, 90, 70))
        page.write(x, y + 80, f"日 {item('start', f'{day.month}月{day.day}日（{weekday(day)}）')}", 32)
        page.write(x + 28, y + 130, f"{item('start', half_day_ja(at(day, *begins)))}〜{item('end', half_day_ja(at(day, *ends)))}", 32)
        page.write(x, y + 180, f"場 {item('place')}", 32)
        page.write(x, y + 230, f"定 {rng.randint(15, 60)}人（抽選）　￥ {rng.choice(('無料', '600円'))}", 32)
        if entry:
            page.write(x, y + 280, f"申 {entry('start', f'{due.month}月{due.day}日')}（必着）までに往復はがきで", 32)
        page.write(x, y + 330, f"問 生涯学習課 ☎055-555-01{rng.randint(10, 99)}", 30, font="gothic")
    return draft


@design("museum-days", "library notice")
def museum_days(rng: random.Random) -> Draft:
    """A museum's leaflet: closed days as a list of dates, an exhibition's term, hours and last entry."""
    draft = Draft(date(2026, 8, rng.randint(20, 28)))
    first = next_weekday(date(2026, 9, rng.randint(8, 18)), 5)
    last = next_weekday(date(2026, 11, 10), 6)
    offs = [date(2026, 9, 24), date(2026, 10, 13), date(2026, 11, 4)]
    show = draft.expect(EVENT, rng.choice(("浮世絵にみる旅", "やきものの里をたずねて")), first, last, place="丘の上美術館")
    page = draft.page(900, 1300, (236, 232, 224), "p-mincho")
    page.write(450, 100, "秋季企画展", 40, anchor="middle")
    page.write(450, 180, show("title"), 72, anchor="middle", ink=(110, 40, 30))
    page.write(450, 330, show("start", f"{era(first)}（{weekday(first)}）"), 40, anchor="middle")
    page.write(450, 390, "｜", 40, anchor="middle")
    page.write(450, 450, show("end", f"{last.month}月{last.day}日（{weekday(last)}）"), 40, anchor="middle")
    page.write(450, 580, show("place"), 46, anchor="middle")
    page.write(80, 720, "開館時間　9時30分〜17時（入館は16時30分まで）", 30)
    listed = []
    for day in offs:
        shut = draft.expect(CLOSED, "休館日", day, place="丘の上美術館", implied=("place",))
        listed.append((shut, shut("start end", f"{day.month}月{day.day}日（{weekday(day)}）")))
    label = "休館日"
    for shut, _ in listed:
        label = shut("title", label)
    page.write(80, 780, f"{label}　{'、'.join(words for _, words in listed)}", 28)
    page.write(80, 840, show.note("観覧料　一般800円　大学生500円"), 30)
    page.write(80, 1200, "駅北口より市内循環バス「美術館前」下車　0268-55-0172", 28)
    return draft


@design("dentist-year-end", "clinic hours")
def dentist_year_end(rng: random.Random) -> Draft:
    """A note at a dentist's: from the old year into the new, and the day it opens again."""
    draft = Draft(date(2026, 12, rng.randint(1, 12)))
    host = rng.choice(("ふじた歯科医院", "スマイルデンタル寺町"))
    first, last = date(2026, 12, rng.choice((28, 29, 30))), date(2027, 1, rng.choice((3, 4)))
    shut = draft.expect(CLOSED, "年末年始休診", first, last, place=host, implied=("place",))
    opens = last + timedelta(days=1)
    again = draft.expect(NOTICE, "診療開始", at(opens, 9), place=host, implied=("place",))
    number = rng.choice((2, 3))
    off = draft.expect(CLOSED, "定休日", next_weekday(draft.reference, number), rrule=f"FREQ=WEEKLY;BYDAY={BYDAY[number]}", place=host, implied=("start", "place"))
    page = draft.page(1240, 880, (255, 255, 255), "mplus-light")
    page.box(40, 40, 1200, 840, edge=(60, 120, 200), width=6, radius=50)
    page.write(620, 90, host, 52, font="mplus-bold", anchor="middle")
    page.write(620, 210, shut("title"), 60, font="mplus-bold", ink=(60, 120, 200), anchor="middle")
    page.write(620, 340, f"{shut('start', f'{first.month}/{first.day}({weekday(first)})')} 〜 {shut('end', f'{last.month}/{last.day}({weekday(last)})')}", 64, anchor="middle")
    page.write(620, 470, f"{again('title')}は {again('start', f'{slashed(opens)}({weekday(opens)}) 9:00')} です", 44, anchor="middle")
    page.write(620, 600, f"{off('title')}　毎週{off('rrule', f'{weekday(next_weekday(draft.reference, number))}曜')}", 38, anchor="middle")
    page.write(620, 700, "急な痛みのときは 休日急患診療所 077-555-0188", 34, anchor="middle")
    return draft


@design("garbage-bilingual", "bilingual notice")
def garbage_bilingual(rng: random.Random) -> Draft:
    """Two columns, English at the left and Japanese at the right, of one inspection."""
    draft = Draft(date(2026, 10, rng.randint(1, 12)), "en", "en-US", "Asia/Tokyo")
    day = next_weekday(date(2026, 10, rng.randint(18, 26)), rng.choice((1, 2, 3)))
    look = draft.expect(EVENT, rng.choice(("Fire Alarm Inspection", "Drain Pipe Cleaning")), at(day, 9), at(day, 16, 30), place="Sunny Heights, all units")
    page = draft.page(1400, 900, (255, 252, 230), "sans")
    page.write(80, 80, look("title"), 44, font="sans-bold")
    page.write(80, 220, look("start end", f"{long_weekday(day)}, {month_name(day)} {day.day}"), 42)
    page.write(80, 300, f"{look('start', '9:00 AM')} to {look('end', '4:30 PM')}", 42)
    page.write(80, 380, look("place"), 38)
    page.paragraph(80, 480, 560, look.note("Please be at home or leave a key with the office."), size=34)
    page.line(700, 60, 700, 840)
    page.write(760, 90, "点検・清掃のお知らせ", 48, font="p-gothic")
    page.write(760, 220, f"{day.month}月{day.day}日（{weekday(day)}）", 42, font="p-gothic")
    page.write(760, 300, f"{clock(at(day, 9))}～{clock(at(day, 16, 30))}", 42, font="p-gothic")
    page.write(760, 380, "サニーハイツ 全戸", 38, font="p-gothic")
    page.write(760, 480, "ご在宅をお願いします。", 34, font="p-gothic")
    page.write(80, 780, "Management office 03-5555-0144", 30)
    return draft
