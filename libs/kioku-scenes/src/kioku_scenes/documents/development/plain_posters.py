"""Posters and tickets in Japanese: the largest words are no name, and nothing has a label."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import at, clock, half_day_ja, next_weekday, short_weekday, weekday
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.truth import CLOSED, EVENT

# fmt: off

@design("jp-slogan-poster", "festival poster")
def slogan_poster(rng: random.Random) -> Draft:
    """The largest words are a slogan; the name is smaller, the venue at the foot."""
    draft = Draft(date(2026, 9, rng.randint(5, 20)))
    day = next_weekday(date(2026, 11, rng.randint(1, 14)), 6)
    title = rng.choice(("第8回 みなと産業まつり", "あおば区民フェスティバル2026"))
    fair = draft.expect(EVENT, title, at(day, 10), at(day, 15, 30), place=rng.choice(("みなと緑地公園", "区役所前広場")))
    page = draft.page(1000, 1414, (255, 236, 180), "mplus")
    page.write(500, 100, "来て！見て！", 120, font="mplus-black", ink=(210, 60, 30), anchor="middle")
    page.write(500, 260, "楽しもう！", 120, font="mplus-black", ink=(210, 60, 30), anchor="middle")
    page.write(500, 470, fair("title"), 60, font="mplus-bold", anchor="middle")
    page.write(330, 600, fair("start end", f"11.{day.day}"), 130, font="mplus-black", anchor="middle")
    page.write(620, 650, fair("start", f"({weekday(day)})"), 70, font="mplus-bold", anchor="middle")
    page.write(500, 790, f"{fair('start', clock(at(day, 10)))} ▶ {fair('end', clock(at(day, 15, 30)))}", 64, anchor="middle")
    page.write(120, 930, "模擬店　ステージ　フリーマーケット　白バイ展示", 34)
    page.write(120, 990, fair.note("小雨決行・荒天中止"), 34)
    page.box(0, 1240, 1000, 1414, fill=(210, 60, 30))
    page.write(60, 1270, f"{fair('place')}（南口から徒歩6分）", 42, ink=(255, 255, 255))
    page.write(60, 1345, "主催：実行委員会　電話 045-555-0186", 28, ink=(255, 255, 255))
    return draft


@design("jp-two-shows", "concert poster")
def two_shows(rng: random.Random) -> Draft:
    """Two shows on one day and one on the next, times in a row after each day."""
    draft = Draft(date(2026, 1, rng.randint(5, 20)))
    sat = next_weekday(date(2026, 3, rng.randint(6, 15)), 5)
    sun = sat + timedelta(days=1)
    title = rng.choice(("雨の停留所", "銀のスプーン"))
    hall = rng.choice(("小劇場 タネ", "アトリエ春日"))
    shows = [draft.expect(EVENT, title, when, place=hall) for when in (at(sat, 14), at(sat, 18, 30), at(sun, 13))]
    page = draft.page(1000, 1414, (40, 44, 60), "mincho")
    page.write(500, 120, "劇団 ひとつぶ　第15回公演", 40, ink=(230, 230, 220), anchor="middle")
    words = title
    for one in shows:
        words = one("title", words)
    page.write(500, 240, f"「{words}」", 100, ink=(250, 220, 140), anchor="middle")
    page.write(500, 420, "作・演出　北原 まこと", 36, ink=(230, 230, 220), anchor="middle")
    sat_words = shows[1]("start", shows[0]("start", f"2026年{sat.month}月{sat.day}日（土）"))
    page.write(200, 600, f"{sat_words}　{shows[0]('start', '14:00')}／{shows[1]('start', '18:30')}", 42, ink=(255, 255, 255))
    page.write(200, 680, f"　　　　{shows[2]('start', f'{sun.month}月{sun.day}日（日）')}　{shows[2]('start', '13:00')}", 42, ink=(255, 255, 255))
    page.write(200, 760, "※開場は開演の30分前", 30, ink=(230, 230, 220))
    where = hall
    for one in shows:
        where = one("place", where)
    page.write(500, 900, where, 54, ink=(250, 220, 140), anchor="middle")
    page.write(500, 1040, "前売2,800円　当日3,200円　学生1,500円", 34, ink=(230, 230, 220), anchor="middle")
    page.write(500, 1240, "hitotsubu.example", 32, font="mono", ink=(230, 230, 220), anchor="middle")
    return draft


@design("jp-exhibition", "concert poster")
def exhibition(rng: random.Random) -> Draft:
    """An exhibition over months, its museum in the heading, weekly closing days, hours."""
    draft = Draft(date(2026, 3, rng.randint(10, 25)))
    first = next_weekday(date(2026, 4, rng.randint(4, 18)), 5)
    last = next_weekday(date(2026, 6, rng.randint(14, 25)), 6)
    title = rng.choice(("北欧の椅子と暮らし", "旅する浮世絵"))
    house = rng.choice(("白川町立美術館", "丘の上ミュージアム"))
    show = draft.expect(EVENT, title, at(first, 9, 30), at(last, 17), place=house, clocks={"LAST_ENTRY": at(first, 16, 30)})
    shut = draft.expect(CLOSED, "休館日", next_weekday(draft.reference, 0), rrule="FREQ=WEEKLY;BYDAY=MO", place=house, implied=("start", "place"))
    page = draft.page(1000, 1414, (246, 246, 240), "mplus2")
    page.write(500, 90, f"{show('place')} 春の特別展", 42, anchor="middle")
    page.write(500, 260, show("title"), 86, font="mplus2-bold", anchor="middle")
    page.write(500, 520, f"2026.{show('start', f'{first.month}.{first.day}')} Sat 〜 {show('end', f'{last.month}.{last.day}')} Sun", 60, anchor="middle")
    page.write(500, 640, f"開館時間 {show('start', '9:30')}〜{show('end', '17:00')}（入館は{show('clock', '16:30')}まで）", 34, anchor="middle")
    page.write(500, 710, f"{shut('title')}：{shut('rrule', '月曜日')}（祝日の場合は翌平日）", 34, anchor="middle")
    page.write(500, 780, "観覧料：一般900円　大学生600円　高校生以下無料", 34, anchor="middle")
    page.write(500, 1280, "協力　北欧家具協会　後援　白川町教育委員会", 28, anchor="middle")
    return draft


@design("jp-live-flyer", "concert poster")
def live_flyer(rng: random.Random) -> Draft:
    """A live house: latin day, OPEN and START, and the name of a band for a title."""
    draft = Draft(date(2026, 4, rng.randint(1, 20)))
    day = next_weekday(date(2026, 6, rng.randint(5, 20)), rng.choice((4, 5)))
    title = rng.choice(("夜行バスの会 vol.12", "梅雨ふっとばせナイト"))
    live = draft.expect(EVENT, title, at(day, 19), place="下北沢 ROOM 303", clocks={"DOORS": at(day, 18, 30)})
    page = draft.page(900, 1270, (20, 20, 24), "vl-p")
    page.write(80, 90, f"{live('start', f'{day.year}.{day.month:02d}.{day.day:02d}')} [{short_weekday(day).upper()}]", 56, ink=(255, 255, 255))
    page.write(80, 200, live("title"), 64, ink=(120, 240, 180))
    y = 340.0
    for name in ("ハルニレ", "the coffee stains", "灯台もと暮らし"):
        y = page.write(80, y, name, 50, ink=(255, 255, 255))
    page.write(80, y + 60, f"OPEN {live('clock', '18:30')} / START {live('start', '19:00')}", 46, ink=(255, 255, 255))
    page.write(80, y + 140, "ADV ¥2,500 / DOOR ¥3,000 (+1D ¥600)", 40, ink=(255, 255, 255))
    page.write(80, y + 300, f"@ {live('place')}", 50, ink=(120, 240, 180))
    page.write(80, 1160, "ご予約は各バンドまで", 32, ink=(200, 200, 200))
    return draft


@design("jp-movie-ticket", "ticket")
def movie_ticket(rng: random.Random) -> Draft:
    """A cinema's booking: date, screen and seat, the ending time beside the beginning."""
    draft = Draft(date(2026, 8, rng.randint(1, 15)))
    day = draft.reference + timedelta(days=rng.randint(2, 6))
    title = rng.choice(("ペンギン特急の夏", "海底二十七番地"))
    room = f"{rng.choice(('シネマポート横浜', 'ひかり座'))}　スクリーン{rng.randint(1, 9)}"
    film = draft.expect(EVENT, title, at(day, 13, 10), at(day, 15, 25), place=room)
    page = draft.page(800, 1100, font="mplus")
    page.write(400, 60, "ご購入ありがとうございます", 36, anchor="middle")
    page.write(400, 130, f"購入番号 {rng.randint(1000, 9999)}-{rng.randint(1000, 9999)}", 34, anchor="middle")
    page.line(60, 200, 740, 200)
    page.write(60, 240, film("title"), 52, font="mplus-bold")
    page.write(60, 330, "（字幕版）", 30)
    page.write(60, 410, film("start end", f"{day.year}/{day.month}/{day.day}({weekday(day)})"), 42)
    page.write(60, 480, f"{film('start', '13:10')} - {film('end', '15:25')}", 60, font="mplus-bold")
    page.write(60, 590, film("place"), 40)
    page.write(60, 660, f"座席 {rng.choice('EFGH')}-{rng.randint(5, 18)}　一般 1枚 2,000円", 36)
    page.write(60, 860, "上映開始10分前から入場できます。", 28)
    page.write(60, 910, f"発行日時 {draft.reference:%Y/%m/%d} 09:41", 26)
    return draft


@design("jp-talk-two-venues", "concert poster")
def talk_two_venues(rng: random.Random) -> Draft:
    """The same talk in two towns on two days, each with its hall under it."""
    draft = Draft(date(2026, 10, rng.randint(1, 12)))
    one_day = next_weekday(date(2026, 11, rng.randint(5, 21)), 5)
    other_day = one_day + timedelta(days=rng.choice((8, 15, 22)))
    title = rng.choice(("相続と遺言の基礎講座", "がん患者と家族のための講演会", "空き家対策セミナー", "認知症予防講座", "介護保険の講習会"))
    east = draft.expect(EVENT, title, at(one_day, 14), at(one_day, 16), place="東部公民館 ホール")
    west = draft.expect(EVENT, title, at(other_day, 10, 30), at(other_day, 12, 30), place="西部地域センター 3階 大会議室")
    page = draft.page(1240, 1300, (248, 250, 255), "p-gothic")
    page.write(620, 80, "参加無料・要申込", 36, anchor="middle")
    page.write(620, 160, east("title", west("title")), 70, ink=(30, 50, 120), anchor="middle")
    page.write(620, 290, "講師　司法書士　安西 章子 氏", 38, anchor="middle")
    for x, talk, name, day in ((90, east, "東会場", one_day), (650, west, "西会場", other_day)):
        page.box(x, 400, x + 500, 800, edge=(30, 50, 120), width=3)
        page.write(x + 30, 420, name, 40, ink=(30, 50, 120))
        page.write(x + 30, 500, talk("start end", f"{day.month}月{day.day}日（{weekday(day)}）"), 46)
        begin, end = talk.start, talk.end
        page.write(x + 30, 580, f"{talk('start', half_day_ja(begin))}〜{talk('end', half_day_ja(end))}", 34)  # type: ignore[arg-type]
        hall, _, room = talk.place.partition(" ")
        page.write(x + 30, 660, talk("place", hall) + "\n" + talk("place", room), 34)
    page.write(90, 900, f"定員　各{rng.choice((60, 80))}名（先着順）", 36)
    page.write(90, 970, "申込　電話 0493-55-0147（9時〜17時、土日を除く）", 36)
    return draft
