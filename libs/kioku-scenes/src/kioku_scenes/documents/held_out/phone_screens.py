"""What is on a phone's screen, and small slips of paper."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    at,
    clock,
    month_name,
    next_weekday,
    short_weekday,
    weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.table import TableLook, draw_table
from kioku_scenes.documents.truth import EVENT

# fmt: off

@design("chat-en", "chat")
def chat_en(rng: random.Random) -> Draft:
    """A dark chat: what is planned changes hands over several lines, with names above them."""
    sent = date(2026, rng.randint(3, 10), rng.randint(2, 18))
    draft = Draft(sent, "en", zone="Europe/London")
    day = sent + timedelta(days=1)
    event = draft.expect(EVENT, rng.choice(("pub quiz", "five-a-side")), at(day, 19, 30), place=rng.choice(("The Crooked Billet", "Powerleague Wandsworth")))
    page = draft.page(800, 1280, (16, 20, 28), "sans")
    page.write(400, 40, "THE LADS", 34, font="sans-bold", ink=(240, 240, 240), anchor="middle")
    page.write(400, 110, f"{short_weekday(sent)} {sent.day} {month_name(sent)[:3]}", 24, ink=(150, 150, 160), anchor="middle")
    y = 180.0
    lines = (("Sam", f"who's in for {event('title')} {event('start', 'tomorrow')}?"), ("Raj", "me"), ("Sam", f"{event('start', 'half seven')}? {event('place')}"),
             ("Olu", "might be late, train gets in at 7:10"), ("Sam", event.note("bring a tenner")), ("Raj", "ok ok"))
    for who, words in lines:
        page.write(60, y, who, 24, ink=(120, 190, 255))
        page.box(50, y + 36, 90 + page.measure(words, 30), y + 96, fill=(44, 52, 66), radius=20)
        page.write(70, y + 48, words, 30, ink=(236, 236, 240))
        y += 140
    return draft


@design("mail-ja", "mail")
def mail_ja(rng: random.Random) -> Draft:
    """A mail of a company: the matter as a list between lines of signs, a signature below."""
    sent = date(2026, rng.randint(4, 9), rng.randint(3, 20))
    draft = Draft(sent)
    day = next_weekday(sent + timedelta(days=8), rng.choice((1, 3)))
    meet = draft.expect(EVENT, rng.choice(("新製品発表会", "情報交換会")), at(day, 15), at(day, 17, 30), place="東京国際フォーラム ホールB5")
    page = draft.page(860, 1460, font="p-gothic")
    page.write(40, 50, f"【ご招待】{meet('title')}のご案内", 40)
    page.write(40, 130, "差出人: info@example.co.jp", 26, ink=(110, 110, 110))
    page.write(40, 170, f"日付: {sent.year}/{sent.month:02d}/{sent.day:02d} 9:12", 26, ink=(110, 110, 110))
    page.line(40, 220, 820, 220, ink=(200, 200, 200))
    page.write(40, 250, "渡辺様", 32)
    y = page.paragraph(40, 320, 780, "いつもお世話になっております。株式会社オリーブの小林です。下記のとおりご案内申し上げます。", size=32)
    page.write(40, y + 20, "――――――――――――――", 30)
    page.write(40, y + 80, f"日程: {meet('start end', f'{day.month}月{day.day}日({weekday(day)})')} {meet('start', clock(at(day, 15)))}-{meet('end', clock(at(day, 17, 30)))}", 32)
    page.write(40, y + 140, f"場所: {meet('place')}", 32)
    page.write(40, y + 200, f"備考: {meet.note('お名刺を2枚お持ちください')}", 32)
    page.write(40, y + 260, "――――――――――――――", 30)
    page.paragraph(40, y + 340, 780, "ご都合が合わない場合はこのメールにご返信ください。", size=32)
    page.write(40, y + 480, "株式会社オリーブ 営業部 小林\n東京都千代田区丸の内9-9-9\nTEL 03-5555-0109", 28, ink=(90, 90, 90))
    return draft


@design("ticket-en", "ticket")
def ticket_en(rng: random.Random) -> Draft:
    """A ticket with small print: capital letters, a seat, a barcode's number, an order's day."""
    draft = Draft(date(2026, 3, rng.randint(1, 20)), "en", "en-US", "America/New_York")
    day = date(2026, 5, rng.randint(3, 28))
    show = draft.expect(EVENT, rng.choice(("HOLLOW PINES TOUR", "SYMPHONY No. 9")), at(day, 20), place="ORPHEUM HALL", clocks={"DOORS": at(day, 19)})
    page = draft.page(1400, 520, (238, 240, 248), "mono")
    page.box(0, 0, 1400, 90, fill=(40, 40, 60))
    page.write(40, 24, "ADMIT ONE", 40, ink=(255, 255, 255))
    page.write(1360, 30, f"ORDER {draft.reference:%m/%d/%y}", 28, ink=(220, 220, 230), anchor="right")
    page.write(40, 130, show("title"), 60, font="sans-bold")
    page.write(40, 230, show("place"), 40)
    page.write(40, 300, show("start", f"{short_weekday(day).upper()} {month_name(day)[:3].upper()} {day.day} {day.year} 8:00PM"), 40)
    page.write(40, 370, f"DOORS {show('clock', '7:00PM')}", 34)
    page.write(880, 230, f"SEC {rng.randint(101, 130)}  ROW {rng.choice('ABCDEF')}  SEAT {rng.randint(1, 30)}", 32)
    page.write(900, 300, f"${rng.choice((49, 72))}.50 + FEES", 34)
    page.write(40, 450, "NO REFUNDS. VALID PHOTO ID MAY BE REQUIRED. 8 4417 0092 55", 24)
    return draft


@design("fixtures-ja", "fixtures table")
def fixtures_ja(rng: random.Random) -> Draft:
    """A league's plan: rounds, several matches on one day that only the first row names."""
    draft = Draft(date(2026, 3, rng.randint(10, 25)))
    rounds = rng.choice((8, 12))
    page = draft.page(1240, 330 + rounds * 2 * 60, font="gothic")
    page.write(620, 60, f"令和8年度 {rng.choice(('少年サッカー', '学童軟式野球'))}春季リーグ日程", 48, anchor="middle")
    page.write(1160, 150, "会場責任者は試合開始30分前に集合のこと", 26, anchor="right")
    teams = ["緑野FC", "みなみSC", "ウイングス", "東ファイターズ", "大塚クラブ", "スターズ"]
    rows, day = [["節", "月日", "開始", "対戦", "会場"]], next_weekday(date(2026, 4, 3), 6)
    for number in range(1, rounds + 1):
        ground = rng.choice(("市営球技場", "河川敷Aコート", "青葉小校庭"))
        words = f"{day.month}/{day.day}({weekday(day)})"
        clashes = []
        for hour, minute in ((9, 0), (10, 45)):
            home, away = rng.sample(teams, 2)
            match = draft.expect(EVENT, f"{home} - {away}", at(day, hour, minute), place=ground)
            clashes.append((match, hour, minute))
        shown = clashes[1][0]("start", clashes[0][0]("start", words))
        shared = clashes[1][0]("place", clashes[0][0]("place", ground))
        for at_row, (match, hour, minute) in enumerate(clashes):
            first = at_row == 0
            rows.append([str(number) if first else "", shown if first else "", match("start", clock(at(day, hour, minute))), match("title"), shared if first else ""])
        day += timedelta(weeks=rng.choice((1, 2)))
    draw_table(page, 70, 210, (80, 200, 160, 400, 260), rows, look=TableLook(size=28, row=60))
    return draft


@design("memo-klee", "memo")
def memo_klee(rng: random.Random) -> Draft:
    """A slip for the refrigerator in a school hand: three lines, hours in words."""
    draft = Draft(date(2026, 7, rng.randint(1, 9)))
    page = draft.page(760, 900, (255, 250, 180), "klee")
    page.write(60, 60, "わすれないこと！", 54, font="klee-bold")
    y = 190.0
    what = [("歯医者", "4時半", (16, 30)), ("ピアノ発表会", "2時", (14, 0)), ("車検", "", None), ("三者面談", "15:20", (15, 20))]
    rng.shuffle(what)
    for (name, hour, moment), number in zip(what[:3], sorted(rng.sample(range(11, 30), 3)), strict=True):
        day = date(2026, 7, number)
        item = draft.expect(EVENT, name, at(day, *moment) if moment else day)
        words = item("start" if moment else "start end", f"7/{number}({weekday(day)})")
        page.write(60, y, f"{words} {item('title')} {item('start', hour) if moment else ''}".rstrip(), 46)
        y += 110
    page.write(60, y + 60, "牛乳 2本　電池 単3", 42)
    return draft
