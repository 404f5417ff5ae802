"""Documents of more than one page."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import at, clock_ja, era, full_width, next_weekday, weekday
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.table import TableLook, draw_table
from kioku_scenes.documents.truth import DEADLINE, EVENT

# fmt: off

@design("camp-two-pages", "multi-page letter")
def camp_two_pages(rng: random.Random) -> Draft:
    """A camp: the days on the first page, a briefing and a payment on the second."""
    draft = Draft(date(2026, 6, rng.randint(1, 10)))
    first = date(2026, 8, rng.randint(3, 18))
    last = first + timedelta(days=rng.choice((1, 2)))
    talk = next_weekday(date(2026, 6, 24), rng.choice((3, 5)))
    pay = next_weekday(date(2026, 7, 1), 4)
    camp = draft.expect(EVENT, "夏季自然体験キャンプ", first, last, place=rng.choice(("県立いずみ高原 少年の家", "白樺湖キャンプ場")))
    brief = draft.expect(EVENT, "保護者説明会", at(talk, 18, 30), place="市民交流館 第2会議室")
    fee = draft.expect(DEADLINE, "参加費の振込", pay)
    one = draft.page(1240, 1500, (252, 252, 252), "p-mincho")
    one.write(1150, 80, full_width(era(draft.reference)), 30, anchor="right")
    one.write(1150, 130, "ＮＰＯ法人 わたげ自然学校", 34, anchor="right")
    one.write(620, 260, f"{camp('title')} 参加のしおり", 56, anchor="middle")
    one.paragraph(90, 400, 1060, "　このたびはお申し込みいただきありがとうございます。五感をつかって山の夏を楽しみましょう。", size=34)
    one.write(120, 560, "【期　日】", 36)
    one.write(360, 560, camp("start", full_width(f"{first.month}月{first.day}日") + f"（{weekday(first)}）") + " ～ " + camp("end", full_width(f"{last.month}月{last.day}日") + f"（{weekday(last)}）"), 36)
    one.write(120, 650, "【場　所】", 36)
    one.write(360, 650, camp("place"), 36)
    one.write(120, 740, "【持ち物】", 36)
    one.write(360, 740, camp.note("寝袋、着替え、健康保険証の写し"), 36)
    one.write(620, 1400, "－ 1 －", 28, anchor="middle")
    two = draft.page(1240, 1500, (252, 252, 252), "p-mincho")
    two.write(90, 90, "〈事前のご案内〉", 42)
    rows = [["内容", "日時", "備考"],
            [brief("title"), brief("start end", full_width(f"{talk.month}月{talk.day}日")) + f"（{weekday(talk)}）\n" + brief("start", full_width(clock_ja(at(talk, 18, 30)))) + "から", brief("place")],
            [fee("title"), fee("start", full_width(f"{pay.month}月{pay.day}日")) + f"（{weekday(pay)}）まで", fee.note("２８，０００円")]]
    draw_table(two, 90, 190, (300, 400, 370), rows, look=TableLook(size=30, row=80))
    two.paragraph(90, 560, 1060, "　ご不明な点は事務局（０２６－５５５－０１９０、平日１０時～１６時）までお寄せください。", size=32)
    two.write(620, 1400, "－ 2 －", 28, anchor="middle")
    return draft
