"""Letters that Japanese schools send home."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import at, clock, era, half_day_ja, japanese, next_weekday, weekday
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.table import TableLook, draw_table
from kioku_scenes.documents.truth import DEADLINE, EVENT

# fmt: off

_TOWNS = ("若葉台", "みどり野", "青葉", "港南", "栗の木")


@design("letter-list", "school letter")
def letter_list(rng: random.Random) -> Draft:
    """A letter with the list after 記: labels, then values."""
    draft = Draft(date(2026, rng.randint(4, 5), rng.randint(6, 20)))
    issued = draft.reference
    trip = next_weekday(issued + timedelta(days=24), rng.choice((1, 2, 4)))
    hour = rng.choice((8, 9))
    title = rng.choice(("春の遠足", "校外学習", "社会科見学"))
    place = rng.choice(("県立自然史博物館", "大池浄水場", "うみかぜ水族館"))
    entry = draft.expect(EVENT, title, at(trip, hour, 30), at(trip, 15, 10), place=place, clocks={"GATHERING": at(trip, hour, 10)})
    due = next_weekday(issued + timedelta(days=7), 4)
    slip = draft.expect(DEADLINE, "参加承諾書", due)
    page = draft.page(1240, 1754, (253, 253, 250), "mincho")
    school = f"{rng.choice(_TOWNS)}市立東小学校"
    page.write(1150, 80, era(issued), 32, anchor="right")
    page.write(90, 140, f"第{rng.choice('34')}学年保護者の皆様", 34)
    page.write(1150, 200, school, 34, anchor="right")
    page.write(1150, 250, f"校長　{rng.choice(('大野 恵', '西村 健一'))}", 32, anchor="right")
    page.write(620, 350, f"{entry('title')}の実施について（お知らせ）", 44, anchor="middle")
    page.paragraph(90, 450, 1060, "　新緑の候、保護者の皆様には日頃より本校の教育活動にご理解とご協力をいただき、ありがとうございます。さて、下記のとおり実施いたしますので、ご準備をお願いいたします。", size=32)
    page.write(620, 680, "記", 36, anchor="middle")
    y = 770.0
    rows = (
        ("１　日　時", f"{entry('start end', era(trip) + f'（{weekday(trip)}）')}"),
        ("", f"集合 {entry('clock', clock(at(trip, hour, 10)))}　出発 {entry('start', clock(at(trip, hour, 30)))}"
             f"　帰校 {entry('end', clock(at(trip, 15, 10)))}"),
        ("２　行き先", entry("place")),
        ("３　持ち物", entry.note("弁当、水筒、雨具、敷物")),
        ("４　費　用", f"{rng.choice((480, 650, 1200))}円（学年費から引き落とします）"),
        ("５　その他", entry.note("雨天の場合は学校で授業を行います")),
    )  # fmt: skip
    for label, value in rows:
        page.write(120, y, label, 32)
        page.write(360, y, value, 32)
        y += 66
    page.write(90, y + 50, f"※{slip('title')}は{slip('start', japanese(due))}までに担任へご提出ください。", 32)
    page.write(1150, y + 180, "（担当：教務 電話 045-555-0142）", 28, anchor="right")
    return draft


@design("letter-prose", "school letter")
def letter_prose(rng: random.Random) -> Draft:
    """A letter whose dates stand in sentences, without a label anywhere."""
    draft = Draft(date(2025, 9, rng.randint(1, 12)))
    day = next_weekday(date(2025, 10, rng.randint(4, 14)), 5)
    spare = day + timedelta(days=1)
    place = "本校グラウンド"
    title = rng.choice(("秋季大運動会", "スポーツフェスティバル"))
    event = draft.expect(EVENT, title, at(day, 8, 50), at(day, 14, 30), place=place)
    meeting_day = next_weekday(date(2025, 9, 18), rng.choice((1, 3)))
    meeting = draft.expect(EVENT, "係打ち合わせ", at(meeting_day, 15, 45), place="図書室")
    page = draft.page(1240, 1100, (250, 250, 246), "p-mincho")
    page.write(90, 80, f"{rng.choice(('ひばり', 'けやき'))}だより　第{rng.randint(5, 9)}号", 46, font="p-gothic")
    page.write(1150, 100, era(draft.reference), 30, anchor="right")
    page.line(90, 160, 1150, 160, width=4)
    y = page.paragraph(
        90, 210, 1060,
        "　暑さの残る毎日ですが、子どもたちは元気に登校しています。二学期は行事の多い学期です。"
        f"今年の{event('title')}は、{event('start end', f'{day.month}月{day.day}日の{weekday(day)}曜日')}、"
        f"{event('start', half_day_ja(at(day, 8, 50)))}から{event('end', half_day_ja(at(day, 14, 30)))}まで、"
        f"{event('place')}で行います。{event.note(f'雨のときは翌{spare.day}日に延期します。')}", size=34,
    )  # fmt: skip
    y = page.paragraph(
        90, y + 40, 1060,
        "　お手伝いをいただける方には、先に集まっていただきます。"
        f"{meeting('title')}を{meeting('start', f'{meeting_day.month}月{meeting_day.day}日（{weekday(meeting_day)}）')}の"
        f"{meeting('start', half_day_ja(at(meeting_day, 15, 45)))}から{meeting('place')}で開きますので、"
        f"{meeting.note('上履きをお持ちください。')}", size=34,
    )  # fmt: skip
    page.paragraph(90, y + 40, 1060, f"　なお、昨年は{rng.randint(300, 420)}名のご家族にお越しいただきました。駐車場はありませんので、徒歩か自転車でのご来校をお願いします。", size=34)
    page.write(1150, 1010, "学校教育目標「よく見る・よく聞く・よく動く」", 28, anchor="right")
    return draft


@design("letter-table", "school letter")
def letter_table(rng: random.Random) -> Draft:
    """The events of a month as a table: the month in the heading, days without one."""
    year, month = 2026, rng.choice((6, 11))
    draft = Draft(date(year, month - 1, 24))
    page = draft.page(1240, 1754, font="vl")
    page.write(620, 90, f"{month}月の行事予定", 54, anchor="middle")
    host = f"{rng.choice(_TOWNS)}中学校"
    page.write(1150, 190, f"{host}　{era(draft.reference)}", 28, anchor="right")
    names = [
        "全校朝会",
        "避難訓練",
        "歯科検診",
        "授業参観",
        "生徒総会",
        "定期テスト",
        "三者面談",
        "音楽鑑賞会",
        "クラブ見学",
    ]
    rng.shuffle(names)
    rows = [["日", "曜", "行　事", "時　刻", "備　考"]]
    weekdays = [day for day in (date(year, month, at) for at in range(1, 31)) if day.weekday() < 5]
    for name, day in zip(names, sorted(rng.sample(weekdays, 8)), strict=False):
        rows.append(_table_row(rng, draft, day, (name, host)))
    look = TableLook(size=30, row=74, head=(222, 228, 240))
    y = draw_table(page, 90, 260, (100, 90, 380, 250, 240), rows, look=look)
    page.write(90, y + 40, "・予定は変わることがあります。最新の情報はお便りでお知らせします。", 28)
    page.write(90, y + 90, f"・給食は{month}月も食物アレルギーに対応しています。", 28)
    return draft


def _table_row(rng: random.Random, draft: Draft, day: date, named: tuple[str, str]) -> list[str]:
    name, host = named
    hour, long = rng.choice((9, 10, 13)), rng.random() < 0.5
    timed = rng.random() < 0.7
    start = at(day, hour, 15) if timed else day
    entry = draft.expect(EVENT, name, start, at(day, hour + 1, 40) if timed and long else None, place=host, implied=("place",))
    words = ""
    if timed:
        words = entry("start", clock(at(day, hour, 15)))
        words += "〜" + (entry("end", clock(at(day, hour + 1, 40))) if long else "")
    fields = "start" if timed else "start end"
    noted = entry.note(rng.choice(("体操着", "弁当持参", "1年のみ"))) if rng.random() < 0.3 else ""
    return [entry(fields, str(day.day)), weekday(day), entry("title"), words, noted]
