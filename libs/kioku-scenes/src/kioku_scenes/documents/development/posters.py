"""Posters of festivals and concerts."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    at,
    clock_en,
    clock_ja,
    long_weekday,
    month_name,
    next_weekday,
    weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.truth import DEADLINE, EVENT

# fmt: off

@design("festival-poster", "festival poster")
def festival_poster(rng: random.Random) -> Draft:
    """Big words without labels: a name, two days, hours, a park, sponsors."""
    draft = Draft(date(2026, 7, rng.randint(1, 10)))
    first = next_weekday(date(2026, 8, rng.randint(1, 18)), 5)
    last = first + timedelta(days=1)
    name = rng.choice(("みなと納涼まつり", "第41回 川辺の夏祭り", "ほたる坂 夏の夜市"))
    place = rng.choice(("臨港公園", "川辺ふれあい広場", "駅前中央通り"))
    festival = draft.expect(EVENT, name, at(first, 16), at(first, 21), place=place)
    second = draft.expect(EVENT, name, at(last, 16), at(last, 21), place=place)
    page = draft.page(1240, 1754, (255, 246, 226), "mplus-black")
    page.box(0, 0, 1240, 430, fill=(196, 44, 52))
    page.write(620, 120, second("title", festival("title")), 108 if len(name) < 9 else 88, ink=(255, 255, 255), anchor="middle")
    page.write(620, 300, "踊って、食べて、みんなで笑おう！", 46, font="mplus-bold", ink=(255, 226, 170), anchor="middle")
    page.write(80, 510, festival("start", f"{first.month}.{first.day}"), 120, ink=(196, 44, 52))
    page.write(400, 560, f"（{weekday(first)}）", 70)
    page.write(650, 510, second("start", f"{last.month}.{last.day}"), 120, ink=(196, 44, 52))
    page.write(970, 560, f"（{weekday(last)}）", 70)
    page.write(620, 730, f"両日とも {second('start', festival('start', '16:00'))} ▶ {second('end', festival('end', '21:00'))}", 62, font="mplus-bold", anchor="middle")
    page.write(620, 850, second("place", festival("place")), 76, anchor="middle")
    page.write(620, 970, "（市営地下鉄 港町駅より徒歩5分）", 38, font="mplus", anchor="middle")
    page.box(110, 1060, 1130, 1330, edge=(196, 44, 52), width=6, radius=24)
    page.write(150, 1090, "盆踊り大会・屋台30店・金魚すくい", 42, font="mplus-bold")
    page.write(150, 1170, "地元高校吹奏楽部の演奏・抽選会", 42, font="mplus-bold")
    page.write(150, 1250, second.note(festival.note("小雨決行・荒天中止")), 40, font="mplus")
    page.write(110, 1560, "主催　港町商店街振興組合　協賛　（株）丸福建設・田村酒店・湊信用金庫", 30, font="mplus")
    page.write(110, 1620, "お問い合わせ　TEL 0466-55-0199（平日9時〜17時）", 30, font="mplus")
    return draft


@design("concert-en", "concert poster")
def concert_en(rng: random.Random) -> Draft:
    """A dark English poster: a band, a weekday with a day but no year, doors and show."""
    draft = Draft(date(2026, 1, rng.randint(5, 25)), "en", zone="America/Chicago")
    day = next_weekday(date(2026, rng.choice((2, 3)), rng.randint(5, 20)), rng.choice((4, 5)))
    band = rng.choice(("The Copper Lanterns", "Mabel & the Night Owls", "Slow River Quartet"))
    place = rng.choice(("The Foundry", "Larkspur Theatre", "Old Grain Hall"))
    show = draft.expect(EVENT, band, at(day, 20), place=place, address="418 Canal St, Millbrook", clocks={"DOORS": at(day, 19)})
    page = draft.page(1100, 1500, (18, 20, 34), "sans-bold")
    page.write(550, 110, "LIVE IN CONCERT", 40, font="mono", ink=(150, 160, 190), anchor="middle")
    page.write(550, 230, show("title"), 74, ink=(255, 200, 60), anchor="middle")
    page.write(550, 380, rng.choice(("with special guest Ada Finch", "+ Tin Roof Choir")), 42, font="serif", ink=(230, 230, 235), anchor="middle")
    page.write(550, 560, show("start", f"{long_weekday(day)}, {month_name(day)} {day.day}"), 68, ink=(245, 245, 245), anchor="middle")
    words = f"Doors {show('clock', clock_en(at(day, 19), 'pm', 'pm', ''))} · Show {show('start', clock_en(at(day, 20), 'pm', 'pm', ''))}"
    page.write(550, 680, words, 48, font="sans", ink=(245, 245, 245), anchor="middle")
    page.write(550, 840, show("place"), 60, ink=(255, 200, 60), anchor="middle")
    page.write(550, 930, show("address"), 38, font="sans", ink=(230, 230, 235), anchor="middle")
    page.write(
        550,
        1120,
        show.note(f"${rng.choice((18, 22))} advance / ${rng.choice((25, 28))} at the door"),
        42,
        font="sans",
        ink=(230, 230, 235),
        anchor="middle",
    )
    page.write(550, 1200, show.note("All ages"), 42, font="sans", ink=(230, 230, 235), anchor="middle")
    page.write(550, 1390, "tickets: 555-0147  ·  thefoundrylive.example", 30, font="mono", ink=(150, 160, 190), anchor="middle")
    return draft


@design("open-call-poster", "concert poster")
def open_call_poster(rng: random.Random) -> Draft:
    """A brass band's regular concert in Japanese, with doors, curtain and a deadline by post."""
    draft = Draft(date(2026, 2, rng.randint(1, 20)))
    day = next_weekday(date(2026, 4, rng.randint(5, 20)), 6)
    name = f"第{rng.randint(12, 38)}回定期演奏会"
    hall = rng.choice(("あすなろホール 大ホール", "文化会館 小ホール"))
    concert = draft.expect(EVENT, name, at(day, 14), place=hall, clocks={"DOORS": at(day, 13, 15)})
    due = date(2026, 3, rng.choice((13, 20, 27)))
    post = draft.expect(DEADLINE, "招待券応募", due)
    page = draft.page(1000, 1414, (240, 244, 250), "p-gothic")
    page.write(500, 70, rng.choice(("北浜市民吹奏楽団", "こだまウインドオーケストラ")), 52, anchor="middle")
    page.write(500, 170, concert("title"), 84, ink=(30, 60, 130), anchor="middle")
    page.line(120, 300, 880, 300, ink=(30, 60, 130), width=5)
    page.write(500, 340, concert("start", f"{day.year}年{day.month}月{day.day}日［{weekday(day)}］"), 60, anchor="middle")
    words = f"{concert('start', clock_ja(at(day, 14)))}開演（{concert('clock', clock_ja(at(day, 13, 15)))}開場）"
    page.write(500, 450, words, 46, anchor="middle")
    page.write(500, 540, concert("place"), 50, anchor="middle")
    page.write(120, 690, "ホルスト：吹奏楽のための第1組曲", 36, font="p-mincho")
    page.write(120, 750, "チャイコフスキー：序曲「1812年」", 36, font="p-mincho")
    page.write(120, 810, f"指揮　{rng.choice(('秋山 修', '宮下 玲子'))}", 36, font="p-mincho")
    page.box(110, 930, 890, 1130, fill=(255, 255, 255), edge=(30, 60, 130))
    page.write(150, 960, concert.note("全席自由 一般1,000円 高校生以下無料"), 34)
    page.write(150, 1030, f"{post('title')}：はがきにて {post('start', f'{due.month}月{due.day}日')}消印有効", 34)
    page.write(110, 1300, "〒251-0099 北浜市栄町3-12　事務局 080-5555-0123", 28)
    return draft
