"""What a neighbourhood hands round, a library's notices, and notices in two languages."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    at,
    clock,
    clock_en,
    era,
    half_day_ja,
    japanese,
    month_name,
    next_weekday,
    short_weekday,
    slashed,
    weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.truth import CLOSED, DEADLINE, EVENT

# fmt: off

@design("bulletin-ja", "community bulletin")
def bulletin_ja(rng: random.Random) -> Draft:
    """A circular with boxes for each matter, symbols before the labels, and a box of stamps."""
    draft = Draft(date(2026, 10, rng.randint(1, 8)))
    clean = next_weekday(date(2026, 10, rng.randint(16, 20)), 6)
    tour = next_weekday(date(2026, 11, rng.randint(3, 14)), rng.choice((2, 4)))
    due = tour - timedelta(days=12)
    sweep = draft.expect(EVENT, "公園一斉清掃", at(clean, 8), place="わかば公園 東入口")
    trip = draft.expect(EVENT, "秋の日帰りバス旅行", at(tour, 7, 20), place=rng.choice(("昇仙峡", "水郷めぐり")))
    apply_by = draft.expect(DEADLINE, "バス旅行申込", due)
    page = draft.page(1240, 1660, (254, 252, 244), "vl-p")
    page.write(80, 70, "回 覧", 70, ink=(180, 40, 40))
    page.write(1160, 80, f"わかば台三丁目町会　{era(draft.reference)}", 30, anchor="right")
    page.box(80, 190, 1160, 560, edge=(120, 120, 120), width=3)
    page.write(110, 210, f"◆ {sweep('title')}にご参加ください", 44)
    page.write(140, 300, f"と　き＝{sweep('start end', japanese(clean))} {sweep('start', half_day_ja(at(clean, 8)))}〜（1時間程度）", 36)
    page.write(140, 370, f"集　合＝{sweep('place')}", 36)
    page.write(140, 440, f"持ち物＝{sweep.note('軍手・飲み物')}", 36)
    page.box(80, 600, 1160, 1060, edge=(120, 120, 120), width=3)
    page.write(110, 620, f"◆ {trip('title')}", 44)
    page.write(140, 710, f"と　き＝{trip('start', japanese(tour))} 集会所前 {trip('start', '午前7時20分')}集合", 36)
    page.write(140, 780, f"行　先＝{trip('place')}", 36)
    page.write(140, 850, f"会　費＝{trip.note('お一人 6,500円（昼食付き）')}", 36)
    page.write(140, 940, f"{apply_by('title')}＝{apply_by('start', japanese(due))}までに各班長へ", 36)
    page.write(110, 1120, "◆ ごみ集積所の当番表を新しくしました（裏面参照）", 36)
    for index in range(6):
        page.box(80 + index * 180, 1400, 260 + index * 180, 1540, edge=(150, 150, 150))
        page.write(170 + index * 180, 1410, f"{index + 1}班", 28, anchor="middle")
    return draft


@design("library-ja", "library notice")
def library_ja(rng: random.Random) -> Draft:
    """Days on which a library is closed as a list of slashed days, and hours of a reading."""
    month = rng.choice((5, 6, 10))
    draft = Draft(date(2026, month - 1, 20))
    story = next_weekday(date(2026, month, rng.randint(8, 15)), 5)
    stock = next_weekday(date(2026, month, 18), 1)
    stock_end = stock + timedelta(days=3)
    reading = draft.expect(EVENT, "おはなしのじかん", at(story, 14), at(story, 14, 30), place="1階 えほんコーナー")
    closing = draft.expect(CLOSED, "蔵書点検", stock, stock_end)
    page = draft.page(1000, 1300, (244, 250, 255), "cedar")
    page.write(500, 70, f"{month}月のとしょかん", 66, ink=(20, 90, 150), anchor="middle")
    page.write(500, 170, "みさき市立図書館", 36, anchor="middle")
    page.box(80, 270, 920, 640, fill=(255, 255, 255), radius=30)
    page.write(120, 300, reading("title"), 50, ink=(200, 90, 40))
    page.write(120, 390, f"{reading('start end', f'{slashed(story)}({weekday(story)})')} {reading('start', clock(at(story, 14)))}-{reading('end', clock(at(story, 14, 30)))}", 44)
    page.write(120, 470, reading("place"), 40)
    page.write(120, 550, reading.note("申込不要・3歳くらいから"), 36)
    page.box(80, 700, 920, 980, fill=(255, 255, 255), radius=30)
    page.write(120, 730, f"{closing('title')}のため休館します", 46, ink=(180, 40, 40))
    page.write(120, 820, f"{closing('start', f'{slashed(stock)}({weekday(stock)})')} - {closing('end', f'{slashed(stock_end)}({weekday(stock_end)})')}", 44)
    page.write(120, 900, "返却はブックポストへ。CD・DVDは入れないでください。", 30)
    page.write(500, 1160, "開館時間 9:30-19:00　電話 0468-55-0117", 32, anchor="middle")
    return draft


@design("bilingual-notice", "bilingual notice")
def bilingual_notice(rng: random.Random) -> Draft:
    """The same drill twice, in Japanese and in English: one entry."""
    draft = Draft(date(2026, 5, rng.randint(7, 20)))
    day = next_weekday(date(2026, 6, rng.randint(1, 18)), rng.choice((5, 6)))
    drill = draft.expect(EVENT, "外国人のための防災体験", at(day, 13), at(day, 16), place="国際交流プラザ")
    page = draft.page(1240, 1400, font="mplus")
    page.write(620, 90, drill("title"), 64, font="mplus-bold", anchor="middle")
    page.write(620, 190, "Disaster Preparedness Day for Foreign Residents", 42, anchor="middle")
    page.line(100, 280, 1140, 280)
    page.write(120, 330, f"日にち　{drill('start end', japanese(day, '（）'))}", 42)
    page.write(120, 400, f"Date: {short_weekday(day)}, {month_name(day)} {day.day}", 36)
    page.write(120, 500, f"時間　{drill('start', half_day_ja(at(day, 13)))}〜{drill('end', half_day_ja(at(day, 16)))}", 42)
    page.write(120, 570, f"Time: {clock_en(at(day, 13))} – {clock_en(at(day, 16))}", 36)
    page.write(120, 670, f"ところ　{drill('place')}", 42)
    page.write(120, 740, "Place: International Exchange Plaza", 36)
    page.write(120, 840, drill.note("無料・申し込み不要"), 42)
    page.write(120, 910, "Free, no registration needed", 36)
    page.write(620, 1250, "☎ 03-5555-0170 (日本語・English・中文)", 34, font="gothic", anchor="middle")
    return draft
