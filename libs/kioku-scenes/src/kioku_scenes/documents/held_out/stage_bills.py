"""Bills of shows, markets and races."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    at,
    clock,
    long_weekday,
    month_name,
    next_weekday,
    ordinal,
    weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.truth import DEADLINE, EVENT, NOTICE

# fmt: off

@design("market-vertical-title", "festival poster")
def market_vertical_title(rng: random.Random) -> Draft:
    """The name in a column at the right, the rest across at the left; a spare day in small print."""
    draft = Draft(date(2026, 3, rng.randint(1, 15)))
    day = next_weekday(date(2026, 4, rng.randint(2, 20)), 6)
    name = rng.choice(("城下町軽トラ市", "さくら骨董市", "里山クラフト展"))
    fair = draft.expect(EVENT, name, at(day, 9, 30), at(day, 15), place=rng.choice(("大手門前通り", "旧小学校校庭")))
    page = draft.page(1100, 1500, (232, 242, 226), "klee-bold")
    page.column(880, 90, fair("title"), 130, ink=(40, 90, 40))
    page.write(80, 130, f"{day.year}", 60, ink=(40, 90, 40))
    page.write(80, 210, fair("start end", f"{day.month}月{day.day}日"), 116)
    page.write(80, 370, f"{weekday(day)}曜日　{fair('start', clock(at(day, 9, 30)))}→{fair('end', clock(at(day, 15)))}", 56)
    page.write(80, 500, f"於 {fair('place')}", 60)
    page.write(80, 640, "地元野菜／古道具／焼き菓子／竹細工", 36, font="klee")
    page.write(80, 710, "先着百名様に甘酒をふるまいます", 36, font="klee")
    page.write(80, 1180, fair.note(f"荒天のときは{day.day + 7 if day.day < 23 else day.day}日に行います"), 34, font="klee")
    page.write(80, 1330, "実行委員会 090-5555-0177（高田）", 34, font="klee")
    return draft


@design("theatre-en", "concert poster")
def theatre_en(rng: random.Random) -> Draft:
    """A run of three evenings: names of weekdays shortened, one hour for all, a box office."""
    draft = Draft(date(2026, 9, rng.randint(10, 28)), "en", "en-GB", "Europe/London")
    first = next_weekday(date(2026, 10, rng.randint(12, 20)), 3)
    days = [first + timedelta(days=number) for number in range(3)]
    name = rng.choice(("The Lighthouse Keeper's Daughter", "Twelve Angry Gardeners"))
    evenings = [draft.expect(EVENT, name, at(day, 19, 30), place="St Mary's Church Hall, Nettlebed") for day in days]
    note = evenings[0].note("Tickets £9, concessions £7")
    for evening in evenings[1:]:
        note = evening.note(note)

    def each(field: str, words: str) -> str:
        """Words that say the same of all three evenings."""
        for evening in evenings:
            words = evening(field, words)
        return words

    page = draft.page(1000, 1414, (250, 246, 240), "serif")
    page.write(500, 90, "Nettlebed Players present", 40, anchor="middle")
    y = 200.0
    for line in name.split(" "):
        page.write(500, y, each("title", line), 92, font="serif-bold", ink=(120, 20, 30), anchor="middle", block=1)
        y += 120
    page.write(500, y + 50, "a comedy in two acts by R. Dunmore", 36, anchor="middle")
    thursday, friday, saturday = (evening("start", f"{short} {ordinal(day.day)}") for evening, short, day in zip(evenings, ("Thurs", "Fri", "Sat"), days, strict=True))
    page.write(500, y + 160, f"{thursday}, {friday} & {saturday} {month_name(first)}", 42, font="serif-bold", anchor="middle")
    page.write(500, y + 240, f"Curtain up {each('start', '7.30pm')}", 46, anchor="middle")
    page.write(500, y + 330, each("place", "St Mary's Church Hall, Nettlebed"), 42, anchor="middle")
    page.write(500, y + 430, note, 38, anchor="middle")
    page.write(500, 1330, "Box office: 01491 555012 or the Post Office", 32, anchor="middle")
    return draft


@design("marathon-ja", "festival poster")
def marathon_ja(rng: random.Random) -> Draft:
    """A race: start and reception hours, entry period with a first and a last day."""
    draft = Draft(date(2026, 8, rng.randint(1, 20)))
    day = next_weekday(date(2026, 11, rng.randint(7, 20)), 6)
    opens, closes = date(2026, 9, rng.randint(1, 5)), date(2026, 10, rng.randint(5, 15))
    race = draft.expect(EVENT, f"第{rng.randint(8, 40)}回湖畔ハーフマラソン", at(day, 9, 15), place="湖岸運動公園陸上競技場", clocks={"RECEPTION": at(day, 7, 30)})
    opening = draft.expect(NOTICE, "エントリー開始", opens)
    closing = draft.expect(DEADLINE, "エントリー締切", closes)
    page = draft.page(1240, 1240, (214, 236, 250), "mplus2-bold")
    page.write(80, 90, race("title"), 76, ink=(0, 70, 140))
    page.write(80, 220, "RUN ALONG THE LAKE!", 48, ink=(240, 120, 0))
    page.box(60, 330, 1180, 640, fill=(255, 255, 255))
    page.write(100, 350, f"開催日　{race('start end', f'{day.year}.{day.month}.{day.day}')} (SUN)", 50)
    page.write(100, 440, f"受　付　{race('clock', clock(at(day, 7, 30)))}〜　スタート {race('start', clock(at(day, 9, 15)))}", 46)
    page.write(100, 530, f"発　着　{race('place')}", 46)
    page.write(100, 690, "種目　ハーフ(21.0975km)・10km・3km ファミリー", 38, font="mplus2")
    page.write(100, 760, race.note("参加料　一般 5,500円・高校生 3,000円"), 38, font="mplus2")
    page.write(100, 880, f"{opening('title')} {opening('start', f'{opens.month}月{opens.day}日')}　{closing('title')} {closing('start', f'{closes.month}月{closes.day}日')}", 40)
    page.write(100, 1120, "大会事務局　TEL.077-555-0139 FAX.077-555-0140", 32, font="mplus2")
    return draft


@design("gallery-en", "concert poster")
def gallery_en(rng: random.Random) -> Draft:
    """An exhibition with a first and a last day, and an opening night of its own."""
    draft = Draft(date(2026, 4, rng.randint(1, 20)), "en", "en-US", "America/Los_Angeles")
    first = next_weekday(date(2026, 5, rng.randint(3, 9)), 4)
    last = next_weekday(first + timedelta(days=35), 6)
    show = draft.expect(EVENT, rng.choice(("Salt & Silver", "Paper Rivers")), first, last, place="Halden Gallery", address="902 Pine Ave.")
    party = draft.expect(EVENT, "Opening reception", at(first, 18), at(first, 20), place="Halden Gallery", implied=("place",))
    page = draft.page(1000, 1300, (245, 245, 245), "sans")
    page.write(80, 150, show("title"), 120, font="serif-bold")
    page.write(80, 330, rng.choice(("new prints by Noor Adeyemi", "drawings by Tomas Veil")), 44, font="serif")
    page.write(80, 520, f"{show('start', f'{month_name(first)} {first.day}')} – {show('end', f'{month_name(last)} {last.day}, {last.year}')}", 54)
    page.write(80, 640, f"{party('title')}: {party('start end', f'{long_weekday(first)[:3]}., {month_name(first)} {first.day}')}, {party('start', '6')}–{party('end', '8 PM')}", 38)
    page.write(80, 1050, show("place"), 48, font="sans-bold")
    page.write(80, 1120, f"{show('address')} · Wed–Sun 11–5 · haldengallery.example", 32)
    return draft
