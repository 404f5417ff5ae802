"""Letters and class papers of schools and kindergartens."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import at, clock, era, full_width, kanji, next_weekday, weekday
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.table import TableLook, draw_table
from kioku_scenes.documents.truth import DEADLINE, EVENT

# fmt: off

@design("kindergarten-dots", "school letter")
def kindergarten_dots(rng: random.Random) -> Draft:
    """A kindergarten's paper: a list with dotted leaders, days first, short hours after the name."""
    draft = Draft(date(2026, rng.randint(8, 9), 28))
    month = draft.reference.month + 1
    page = draft.page(1000, 1414, (255, 251, 240), "cedar")
    page.box(50, 40, 950, 190, fill=(255, 224, 170), radius=40)
    page.write(500, 75, rng.choice(("どんぐりぐみだより", "たんぽぽつうしん")), 64, ink=(150, 80, 20), anchor="middle")
    page.write(930, 215, f"{draft.reference.year}.{draft.reference.month}.{draft.reference.day}　そらいろ幼稚園", 26, anchor="right")
    y = page.paragraph(70, 290, 860, "朝夕すずしくなってきました。園庭ではこおろぎの声がきこえます。着替えの補充をお願いします。", size=32)
    page.write(70, y + 40, f"＜{month}月のよてい＞", 44, ink=(150, 80, 20))
    names = ["いもほり", "おたんじょうかい", "ひなんくんれん", "さんぽの日", "うんどうかいごっこ", "おべんとうデー"]
    days = sorted(rng.sample([d for d in range(1, 29) if date(2026, month, d).weekday() < 5], 5))
    y += 130
    for name, number in zip(rng.sample(names, 5), days, strict=True):
        day = date(2026, month, number)
        timed = rng.random() < 0.5
        item = draft.expect(EVENT, name, at(day, 9, 45) if timed else day, place="そらいろ幼稚園", implied=("place",))
        hours = f"（{item('start', '9:45')}〜）" if timed else ""
        page.write(110, y, f"{item('start' if timed else 'start end', f'{number}日')}({weekday(day)})・・・{item('title')}{hours}", 38)
        y += 76
    page.paragraph(70, y + 60, 860, "＊ いもほりの日は長ぐつをもたせてください。おやすみのときは8時半までにお電話を（0299-55-0164）。", size=30)
    return draft


@design("pta-meeting", "school letter")
def pta_meeting(rng: random.Random) -> Draft:
    """A call to a general meeting: labels spread by spaces and colons, and a slip to cut off."""
    draft = Draft(date(2026, 4, rng.randint(10, 17)))
    day = next_weekday(date(2026, 5, rng.randint(8, 20)), rng.choice((4, 5)))
    due = next_weekday(draft.reference + timedelta(days=6), 2)
    hall = rng.choice(("体育館", "視聴覚室"))
    meeting = draft.expect(EVENT, "ＰＴＡ定期総会", at(day, 14), at(day, 15, 30), place=hall, clocks={"RECEPTION": at(day, 13, 40)})
    proxy = draft.expect(DEADLINE, "委任状", due)
    page = draft.page(1240, 1754, (252, 252, 252), "p-gothic")
    page.write(1160, 70, f"令和{full_width('8')}年{full_width(str(draft.reference.month))}月{full_width(str(draft.reference.day))}日", 30, anchor="right")
    page.write(80, 130, "会 員 各 位", 34)
    page.write(1160, 180, f"{rng.choice(('白鳥', '城山'))}中学校ＰＴＡ会長　{rng.choice(('森下', '鈴村'))}", 30, anchor="right")
    page.write(620, 290, meeting("title"), 56, anchor="middle")
    page.write(620, 370, "開催のご案内", 40, anchor="middle")
    y = page.paragraph(80, 480, 1080, "　陽春の候、ますますご健勝のことと存じます。下記により今年度の総会を開きますので、万障お繰り合わせのうえご出席ください。", size=32)
    rows = (
        ("開 催 日", meeting("start end", f"{day.month}月{day.day}日 {weekday(day)}曜日")),
        ("時　　間", f"{meeting('start', clock(at(day, 14)))} ～ {meeting('end', clock(at(day, 15, 30)))}（受付 {meeting('clock', clock(at(day, 13, 40)))}）"),
        ("会　　場", f"本校 {meeting('place')}"),
        ("議　　題", "1) 事業報告　2) 会計報告　3) 役員選出"),
        ("お 願 い", meeting.note("スリッパと下足袋をご用意ください")),
    )
    y += 60
    for label, value in rows:
        page.write(150, y, f"{label} ： {value}", 34)
        y += 76
    page.write(620, y + 60, "・・・・・・・・・・ きりとり ・・・・・・・・・・", 30, anchor="middle")
    page.write(620, y + 140, proxy("title", "委 任 状"), 44, anchor="middle")
    page.write(150, y + 230, "総会に欠席しますので、議決を議長に委任します。", 32)
    page.write(150, y + 300, "年　　組　　保護者氏名　　　　　　　　　印", 32)
    page.write(1100, y + 390, f"{proxy('start', f'{due.month}/{due.day}（{weekday(due)}）')}〆切　学級担任へ", 32, anchor="right")
    return draft


@design("half-year-plan", "school letter")
def half_year_plan(rng: random.Random) -> Draft:
    """Months as headings in the first column, days and names in the second, two columns beside."""
    draft = Draft(date(2026, 4, 7))
    page = draft.page(1754, 1240, font="mincho")
    host = rng.choice(("あかね高等学校", "梅が丘高等学校"))
    page.write(877, 60, f"令和8年度 前期 {host} 年間行事", 50, anchor="middle")
    names = ["新体力テスト", "校外模試", "球技大会", "文化祭", "開校記念日", "進路講演会", "前期末考査", "芸術鑑賞", "漢字検定", "生徒会選挙", "大掃除", "前期終業式"]
    rng.shuffle(names)
    rows_by_month: list[list[str]] = []
    for month in range(4, 10):
        lines = []
        for number in sorted(rng.sample(range(10, 29), 2)):
            day = date(2026, month, number)
            until = day + timedelta(days=1) if rng.random() < 0.25 else None
            item = draft.expect(EVENT, names.pop(), day, until, place=host, implied=("place",))
            words = item("start", f"{number}日({weekday(day)})") if until else item("start end", f"{number}日({weekday(day)})")
            words += f"-{item('end', f'{until.day}日({weekday(until)})')}" if until else ""
            lines.append(f"{words} {item('title')}")
        rows_by_month.append([f"{month}月", "\n".join(lines)])
    look = TableLook(size=30, row=90)
    draw_table(page, 90, 190, (110, 640), rows_by_month[:3], look=look)
    draw_table(page, 910, 190, (110, 640), rows_by_month[3:], look=look)
    page.write(90, 1120, "※ 土日の部活動は顧問の指示による。欠席連絡は 0270-55-0148（7:50〜8:20）へ。", 28)
    return draft


@design("field-day-kanji", "vertical notice")
def field_day_kanji(rng: random.Random) -> Draft:
    """A vertical letter: greeting, a day in kanji in the middle of a sentence, host at the left."""
    draft = Draft(date(2026, 9, rng.randint(1, 9)))
    day = next_weekday(date(2026, 10, rng.randint(3, 20)), rng.choice((0, 6)))
    play = draft.expect(EVENT, rng.choice(("奉納相撲大会", "秋季例大祭")), at(day, 9, 30), place="八幡神社境内")
    page = draft.page(1200, 1000, (247, 244, 232), "p-mincho")
    page.column(1080, 80, play("title"), 66)
    page.column(960, 80, "氏子の皆様には益々ご清栄のこととお慶び申し上げます", 34)
    page.column(900, 80, f"来る{play('start end', f'{kanji(day.month)}月{kanji(day.day)}日')}（{weekday(day)}）{play('start', '午前九時半')}より", 34)
    page.column(840, 80, f"{play('place')}におきまして執り行います", 34)
    page.column(780, 80, "ご家族おそろいでお参りください", 34)
    page.column(680, 120, play.note("直会は中止いたします"), 34)
    page.column(560, 560, era(draft.reference).translate({ord(str(n)): c for n, c in enumerate("〇一二三四五六七八九")}), 30)
    page.column(480, 620, "氏子総代一同", 36)
    return draft
