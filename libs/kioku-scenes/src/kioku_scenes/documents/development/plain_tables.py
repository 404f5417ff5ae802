"""Tables, lists and boxes in Japanese: days in columns, at the ends of lines, in several boxes."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    BYDAY,
    WEEKDAYS,
    at,
    clock,
    half_day_ja,
    japanese,
    next_weekday,
    nth_weekday,
    slashed,
    weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.table import TableLook, draw_table
from kioku_scenes.documents.truth import CLOSED, DEADLINE, EVENT

# fmt: off

@design("jp-year-plan", "community bulletin")
def year_plan(rng: random.Random) -> Draft:
    """A club's year: names at the left, days at the ends of dotted lines."""
    draft = Draft(date(2026, 4, rng.randint(3, 12)))
    plan = (("総会", date(2026, 4, rng.randint(18, 26))), ("新緑ハイキング", date(2026, 5, rng.randint(10, 24))), ("暑気払い", date(2026, 7, rng.randint(18, 25))), ("文化祭出展", date(2026, 11, rng.randint(1, 8))), ("新年会", date(2027, 1, rng.randint(9, 17))))
    page = draft.page(1000, 1100, font="p-mincho")
    page.write(500, 80, "令和8年度　野鳥の会　年間行事予定", 46, anchor="middle")
    y = 220
    for name, day in plan:
        entry = draft.expect(EVENT, name, day)
        page.write(120, y, entry("title"), 38)
        left = 140 + page.measure(name, 38)
        page.write(left, y, "・" * int((650 - left) / 38), 38)
        words = entry("start end", f"{day.month}月{day.day}日（{weekday(day)}）")
        page.write(670, y, words, 38)
        y += 110
    page.write(120, 850, "年会費　2,000円（総会の日に集めます）", 34)
    page.write(120, 910, "会長　桑原　電話 0467-55-0104", 34)
    return draft


@design("jp-column-days", "weekly timetable")
def column_days(rng: random.Random) -> Draft:
    """Days in the head of the columns; name, hour and hall below each."""
    draft = Draft(date(2026, 1, rng.randint(8, 20)))
    first = next_weekday(date(2026, 2, rng.randint(2, 10)), 1)
    names = rng.sample(["スマホ入門", "年金のはなし", "腰痛体操", "終活ノート", "だしの取り方"], 3)
    halls = rng.sample(["会議室A", "調理室", "和室", "多目的室"], 3)
    hours = rng.sample([(10, 0), (13, 30), (14, 0), (15, 15)], 3)
    rows = [["", "", "", ""] for _ in range(4)]
    for row, head in zip(rows, ("回・日", "テーマ", "時間", "部屋"), strict=True):
        row[0] = head
    for at_column, (name, hall, hour) in enumerate(zip(names, halls, hours, strict=True)):
        day = first + timedelta(weeks=at_column)
        begin, end = at(day, *hour), at(day, hour[0] + 1, hour[1])
        talk = draft.expect(EVENT, name, begin, end, place=hall)
        rows[0][at_column + 1] = talk("start end", f"{day.month}月{day.day}日({weekday(day)})")
        rows[1][at_column + 1] = talk("title")
        rows[2][at_column + 1] = f"{talk('start', clock(begin))}〜{talk('end', clock(end))}"
        rows[3][at_column + 1] = talk("place")
    page = draft.page(1240, 900, (252, 250, 255), "mplus")
    page.write(620, 70, "シニアいきいき講座（全3回）", 54, font="mplus-bold", anchor="middle")
    page.write(620, 160, "60歳以上の方ならどなたでも", 34, anchor="middle")
    draw_table(page, 100, 250, (170, 290, 290, 290), rows, look=TableLook(size=34, row=90, head=(226, 218, 244)))
    page.write(100, 680, "参加費 1回300円　申込 窓口へ", 34)
    page.write(100, 740, "ゆうゆうプラザ　0466-55-0118", 34)
    return draft


@design("jp-league", "fixtures table")
def league(rng: random.Random) -> Draft:
    """A league: matches by day with a ground in the heading of each day; teams joined by 対."""
    draft = Draft(date(2026, 3, rng.randint(10, 25)))
    teams = rng.sample(["レッズ", "ホークスJr", "港イーグルス", "若竹クラブ", "ブルーウェーブ", "西町少年団"], 6)
    page = draft.page(1000, 1200, font="gothic")
    page.write(500, 60, "春季少年野球リーグ　日程表", 50, anchor="middle")
    y = 180.0
    for week in range(2):
        day = next_weekday(date(2026, 4, rng.randint(4, 8)), 6) + timedelta(weeks=week)
        ground = ("市民球場", "川原グラウンド")[week]
        matches = [draft.expect(EVENT, f"{teams[one]} 対 {teams[other]}", at(day, hour), place=ground) for hour, one, other in ((9, week, 3), (11, 1 - week, 4), (13, 2, 5))]
        head, where = f"{day.month}月{day.day}日（日）", ground
        for match in matches:
            head, where = match("start end", head), match("place", where)
        page.box(80, y, 920, y + 70, fill=(220, 232, 216))
        page.write(110, y + 12, f"{head}　{where}", 40)
        y += 95
        for match, hour, label in zip(matches, (9, 11, 13), ("第1試合", "第2試合", "第3試合"), strict=True):
            page.write(130, y, label, 34)
            page.write(330, y, match("start", f"{hour}:00"), 34)
            page.write(470, y, match("title"), 34)
            y += 70
        y += 50
    page.write(80, y + 20, "雨天時は当日6時に連絡網で回します。", 30)
    return draft


@design("jp-town-boxes", "newsletter")
def town_boxes(rng: random.Random) -> Draft:
    """A page of a town's paper: four boxes with symbols for the labels, in two columns."""
    draft = Draft(date(2026, 8, rng.randint(1, 9)))
    sat, sun = next_weekday(date(2026, 9, rng.randint(4, 10)), 5), next_weekday(date(2026, 9, rng.randint(12, 20)), 6)
    wed = next_weekday(date(2026, 9, rng.randint(1, 8)), 2)
    due = date(2026, 8, rng.choice((26, 27, 28)))
    star = draft.expect(EVENT, "星空観察会", at(sat, 18, 30), at(sat, 20, 30), place="自然の家")
    run = draft.expect(EVENT, "ファミリーマラソン", at(sun, 9), place="総合運動公園")
    law = draft.expect(EVENT, "無料法律相談", at(wed, 13), at(wed, 16), place="役場2階相談室")
    home = draft.expect(DEADLINE, "町営住宅入居者募集", due)
    page = draft.page(1240, 1400, font="vl-p")
    page.write(60, 40, "広報おおぞら　2026.8　お知らせ", 40)
    texts = (
        (star, [f"時 {star('start end', f'{sat.month}月{sat.day}日(土)')}", f"　{star('start', half_day_ja(at(sat, 18, 30)))}〜{star('end', half_day_ja(at(sat, 20, 30)))}", f"所 {star('place')}", "対 小学生と保護者20組"]),
        (run, [f"時 {run('start end', f'{sun.month}月{sun.day}日(日)')} {run('start', half_day_ja(at(sun, 9)))}〜", f"所 {run('place')}", "￥ 大人1,500円 小中学生500円"]),
        (law, [f"時 {law('start end', f'{wed.month}月{wed.day}日(水)')}", f"　{law('start', half_day_ja(at(wed, 13)))}〜{law('end', half_day_ja(at(wed, 16)))}", f"所 {law('place')}", "定 6名（予約制）"]),
        (home, ["入居資格など詳しくは建設課へ", f"申込期限 {home('start', f'{due.month}月{due.day}日({weekday(due)})')}", "問 建設課 55-0128"]),
    )
    for index, (entry, rows) in enumerate(texts):
        x, y = 60 + index % 2 * 580, 150 + index // 2 * 560
        page.box(x, y, x + 540, y + 500, edge=(60, 120, 60), width=3)
        page.box(x, y, x + 540, y + 80, fill=(60, 120, 60))
        page.write(x + 20, y + 15, entry("title"), 40, ink=(255, 255, 255))
        below = y + 110.0
        for row in rows:
            below = page.write(x + 20, below, row, 32) + 14
    return draft


@design("jp-opening-hours", "closing notice")
def opening_hours(rng: random.Random) -> Draft:
    """A shop's new-year hours: a closed stretch over the year's end, and shorter hours before."""
    draft = Draft(date(2026, 12, rng.randint(5, 18)))
    first, last = date(2026, 12, rng.choice((30, 31))), date(2027, 1, rng.choice((3, 4)))
    rest = draft.expect(CLOSED, "年末年始休業", first, last)
    weekly = draft.expect(CLOSED, "店休日", next_weekday(draft.reference, 1), rrule="FREQ=WEEKLY;BYDAY=TU", implied=("start",))
    page = draft.page(900, 1000, (255, 250, 240), "mplus2")
    page.write(450, 80, rng.choice(("ベーカリー小麦", "喫茶ともしび")), 44, anchor="middle")
    page.write(450, 180, f"{rest('title')}のお知らせ", 56, font="mplus2-bold", anchor="middle")
    page.write(450, 320, "誠に勝手ながら下記の期間お休みさせていただきます", 30, anchor="middle")
    page.write(450, 400, f"{rest('start', f'{slashed(first)}（{weekday(first)}）')} 〜 {rest('end', f'{slashed(last)}（{weekday(last)}）')}", 64, anchor="middle")
    page.write(450, 540, "本年もご愛顧いただき誠にありがとうございました", 30, anchor="middle")
    page.write(450, 600, "来年もよろしくお願い申し上げます", 30, anchor="middle")
    page.write(450, 760, f"営業時間 7:00〜18:30　{weekly('title')} {weekly('rrule', '火曜')}", 30, anchor="middle")
    page.write(450, 820, "電話 0467-55-0139", 30, anchor="middle")
    return draft


@design("jp-garbage", "recurring series")
def garbage(rng: random.Random) -> Draft:
    """When which refuse is put out: weekdays and the n-th weekday of a month."""
    draft = Draft(date(2026, 3, rng.randint(15, 28)))
    burn, code, days = rng.choice((("月・木", "MO,TH", (0, 3)), ("火・金", "TU,FR", (1, 4))))
    nth, week = rng.choice((1, 2)), rng.choice((0, 2, 3, 4))
    start = min(next_weekday(date(2026, 4, 1), one) for one in days)
    glass = nth_weekday(2026, 4, week, nth)
    paper = draft.expect(EVENT, "燃やすごみ", start, rrule=f"FREQ=WEEKLY;BYDAY={code}", implied=("start",))
    jar = draft.expect(EVENT, "びん・缶", glass, rrule=f"FREQ=MONTHLY;BYDAY={nth}{BYDAY[week]}", implied=("start",))
    page = draft.page(1000, 800, (244, 252, 244), "p-gothic")
    page.write(500, 60, "ごみ収集日（花園1〜3丁目）", 50, anchor="middle")
    page.write(500, 140, "令和8年4月から", 34, anchor="middle")
    for y, entry, when in ((250, paper, f"毎週{burn}曜日"), (370, jar, f"毎月第{nth}{WEEKDAYS[week]}曜日")):
        page.box(90, y, 910, y + 100, edge=(60, 140, 80), width=3)
        page.write(120, y + 25, entry("title"), 42)
        page.write(500, y + 25, entry("rrule", when), 42)
    page.write(90, 540, "朝8時30分までに出してください。祝日も収集します。", 32)
    page.write(90, 600, "お問い合わせ 環境センター 0463-55-0177", 32)
    return draft


@design("jp-tour-list", "concert poster")
def tour_list(rng: random.Random) -> Draft:
    """A singer's tour: a line a day, town and hall after it, the year in the heading alone."""
    draft = Draft(date(2026, 2, rng.randint(1, 20)))
    title = rng.choice(("ことのは TOUR 2026", "春待ちツアー2026"))
    halls = ("仙台 青葉座", "東京 月島ホール", "名古屋 スタジオ栄", "福岡 ライブハウス凪")
    day, page = date(2026, 4, rng.randint(3, 12)), draft.page(1000, 1200, (236, 244, 250), "mplus")
    rows, heading = [], title
    for hall in halls:
        hour = rng.choice((17, 18))
        entry = draft.expect(EVENT, title, at(day, hour), place=hall, implied=("title",))
        heading = entry("title", heading)
        rows.append(f"{entry('start end', japanese(day))}　{entry('place')}　{entry('start', clock(at(day, hour)))}開演")
        day += timedelta(days=rng.choice((7, 8, 14)))
    page.write(500, 80, "三浦しずく", 48, anchor="middle")
    page.write(500, 170, heading, 70, font="mplus-bold", anchor="middle")
    y = 360.0
    for row in rows:
        y = page.write(80, y, row, 36) + 40
    page.write(500, y + 60, "全席指定 6,800円（税込） 未就学児入場不可", 30, anchor="middle")
    return draft
