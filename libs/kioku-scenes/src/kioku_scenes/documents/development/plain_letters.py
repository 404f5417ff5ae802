"""Letters of the everyday in Japanese: the event in a sentence, a change, a report, a thank-you."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    at,
    clock,
    clock_ja,
    era,
    full_width,
    half_day_ja,
    japanese,
    kanji,
    next_weekday,
    slashed,
    weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.truth import DEADLINE, EVENT, Expected

# fmt: off

@design("jp-moved-class", "school letter")
def moved_class(rng: random.Random) -> Draft:
    """A lesson that is moved: the first day named is no longer one."""
    draft = Draft(date(2026, 5, rng.randint(18, 25)))
    old = next_weekday(date(2026, 6, 1), rng.choice((1, 2)))
    new = old + timedelta(days=7)
    title = rng.choice(("授業参観", "学級懇談会"))
    event = draft.expect(EVENT, title, at(new, 13, 40), place=rng.choice(("各教室", "体育館")))
    page = draft.page(1240, 1300, font="p-mincho")
    page.write(1150, 90, era(draft.reference), 32, anchor="right")
    page.write(90, 150, "保護者の皆様", 34)
    page.write(1150, 210, "市立みどり野小学校", 34, anchor="right")
    page.write(620, 320, f"{event('title')}の日程変更について", 48, anchor="middle")
    page.paragraph(
        90, 440, 1060,
        f"　先にお知らせしました{event.title}ですが、都合により、{old.month}月{old.day}日（{weekday(old)}）から"
        f"{event('start end', f'{new.month}月{new.day}日（{weekday(new)}）')}に変更させていただきます。"
        f"時間は{event('start', half_day_ja(at(new, 13, 40)))}から、{event('place')}で行います。"
        "ご予定を立てていただいていた皆様にはご迷惑をおかけしますが、ご理解くださいますようお願いいたします。", size=36,
    )  # fmt: skip
    page.write(1150, 1120, "担当　教頭　森川　電話 042-555-0110", 28, anchor="right")
    return draft


@design("jp-consent", "school letter")
def consent(rng: random.Random) -> Draft:
    """An excursion without labels and, deep in a paragraph, the day a form must be back."""
    draft = Draft(date(2026, 9, rng.randint(1, 9)))
    day = next_weekday(date(2026, 10, rng.randint(5, 15)), rng.choice((2, 3, 4)))
    due = next_weekday(date(2026, 9, 15), 4)
    place = rng.choice(("県立科学館", "臨海水族園"))
    trip = draft.expect(EVENT, "校外学習", at(day, 8, 20), at(day, 15, 30), place=place)
    form = draft.expect(DEADLINE, "参加同意書", due)
    page = draft.page(1240, 1350, font="mincho")
    page.write(1150, 80, full_width(era(draft.reference)), 30, anchor="right")
    page.write(90, 140, "４年生保護者様", 34)
    page.write(620, 260, f"{trip('title')}のご案内", 50, anchor="middle")
    y = page.paragraph(
        90, 380, 1060,
        f"　秋風が心地よい季節となりました。さて、４年生では社会科の学習として、来る{trip('start end', f'{day.month}月{day.day}日')}に"
        f"{trip('place')}へ出かけます。当日は{trip('start', clock_ja(at(day, 8, 20)))}に校庭に集合し、"
        f"{trip('end', clock_ja(at(day, 15, 30)))}ごろ学校で解散する予定です。", size=34,
    )  # fmt: skip
    page.paragraph(
        90, y + 40, 1060,
        f"　つきましては、裏面の{form('title')}にご記入のうえ、{form('start', f'{due.month}月{due.day}日（{weekday(due)}）')}までに"
        f"担任へお渡しください。なお、{trip.note('弁当と水筒をご用意ください。')}", size=34,
    )  # fmt: skip
    page.write(1150, 1200, "第四小学校　学年主任　大野", 30, anchor="right")
    return draft


@design("jp-reunion", "school letter")
def reunion(rng: random.Random) -> Draft:
    """A class reunion: greeting, the words 記 and 以上, and an answer by post."""
    draft = Draft(date(2026, 6, rng.randint(10, 25)))
    day = next_weekday(date(2026, 8, rng.randint(8, 16)), 5)
    due = date(2026, 7, rng.randint(10, 20))
    title = rng.choice(("同窓会", "三年一組クラス会"))
    party = draft.expect(EVENT, title, at(day, 17, 30), at(day, 20), place=rng.choice(("ホテル花かげ 二階 藤の間", "割烹 せきや")))
    answer = draft.expect(DEADLINE, "出欠のご返事", due)
    page = draft.page(1000, 1500, (255, 252, 246), "mincho")
    page.write(90, 90, "拝啓　盛夏の候、皆様いよいよご清祥のこととお慶び申し上げます。", 28)
    y = page.paragraph(90, 150, 820, f"　さて、昭和六十三年に学び舎を巣立ってから早いもので長い年月が過ぎました。このたび左記のとおり{party('title')}を催すこととなりました。お誘い合わせのうえご出席くださいますようご案内申し上げます。", size=30)
    page.write(910, y + 20, "敬具", 30, anchor="right")
    page.write(500, y + 100, "記", 34, anchor="middle")
    page.write(140, y + 180, f"一、日　時　{party('start end', f'八月{kanji(day.day)}日（土曜日）')}", 32)
    page.write(330, y + 240, f"{party('start', '午後五時三十分')}〜{party('end', '午後八時')}", 32)
    page.write(140, y + 310, f"一、会　場　{party('place')}", 32)
    page.write(140, y + 380, f"一、会　費　{party.note('八千円')}", 32)
    page.write(860, y + 450, "以上", 32, anchor="right")
    page.paragraph(90, y + 540, 820, f"　お手数ですが、{answer('title')}を{answer('start', f'七月{kanji(due.day)}日')}までに同封のはがきでお知らせください。", size=30)
    page.write(910, 1340, "幹事　佐久間　弘", 32, anchor="right")
    page.write(910, 1400, "090-5555-0134", 28, anchor="right")
    return draft


@design("jp-report", "newsletter")
def report(rng: random.Random) -> Draft:
    """What was held last month is told at length; the next gathering in one line at the foot."""
    draft = Draft(date(2026, 6, rng.randint(2, 9)))
    past = next_weekday(date(2026, 5, rng.randint(9, 18)), 6)
    day = next_weekday(date(2026, 7, rng.randint(4, 25)), 6)
    hour = rng.choice((9, 10, 11, 13))
    following = draft.expect(EVENT, rng.choice(("七夕かざり作り", "流しそうめん大会", "すいか割り大会", "肝だめし大会", "カレー作り")), at(day, hour), place="しおさい集会所")
    page = draft.page(1240, 1400, (250, 252, 248), "vl-p")
    page.write(90, 70, "しおさい子ども会だより", 56, ink=(20, 110, 90))
    page.write(1150, 90, f"2026年{draft.reference.month}月号", 30, anchor="right")
    page.write(90, 200, "潮干狩りを行いました！", 46)
    y = page.paragraph(
        90, 290, 1060,
        f"　{past.month}月{past.day}日（日）、久里浜海岸で恒例の潮干狩りを開催しました。親子{rng.randint(28, 46)}名が参加し、"
        "バケツいっぱいのアサリに歓声があがりました。お手伝いくださったお父さん、お母さん、ありがとうございました。", size=34,
    )  # fmt: skip
    y = page.paragraph(90, y + 40, 1060, f"　また、5月1日に新しい役員の顔合わせを済ませました。会員は4月末現在{rng.randint(60, 90)}名です。", size=34)
    page.box(90, y + 80, 1150, y + 260, edge=(20, 110, 90), width=3)
    page.write(120, y + 100, "次回の予定", 34, ink=(20, 110, 90))
    page.write(120, y + 170, f"{following('start end', japanese(day))} {following('start', clock(at(day, hour)))}〜　{following('title')}（{following('place')}）", 36)
    return draft


@design("jp-waterworks", "community bulletin")
def waterworks(rng: random.Random) -> Draft:
    """Water is cut off one night over midnight; with a reserve day if it rains."""
    draft = Draft(date(2026, 10, rng.randint(1, 8)))
    day = next_weekday(date(2026, 10, rng.randint(14, 26)), rng.choice((0, 1, 2, 3)))
    spare = day + timedelta(days=2)
    cut = draft.expect(EVENT, "断水", at(day, 22), at(day, 29), place="若葉町2丁目地内")
    page = draft.page(1000, 1300, font="gothic")
    page.box(80, 70, 920, 190, fill=(20, 60, 140))
    page.write(500, 95, f"{cut('title')}のお知らせ", 60, ink=(255, 255, 255), anchor="middle")
    page.paragraph(90, 250, 820, "　水道管の取替工事のため、下記の時間帯は水道が使えなくなります。ご不便をおかけしますがご協力をお願いします。", size=34)
    page.write(90, 480, "期間", 36)
    page.write(230, 480, f"{cut('start', f'{day.month}月{day.day}日({weekday(day)}) 午後10時')}から", 40)
    over = day + timedelta(days=1)
    page.write(230, 550, f"{cut('end', f'{over.month}月{over.day}日({weekday(over)}) 午前5時')}まで", 40)
    page.write(90, 640, "区域", 36)
    page.write(230, 640, cut("place"), 40)
    page.write(90, 730, cut.note(f"※雨天の場合は{spare.month}月{spare.day}日に順延します。"), 34)
    page.write(90, 1000, "発注者　市上下水道局 工務課　TEL 0465-55-0170", 30)
    page.write(90, 1060, "施工者　(有)丸岡設備　TEL 0465-55-0171", 30)
    return draft


@design("jp-health-check", "community bulletin")
def health_check(rng: random.Random) -> Draft:
    """A town's letter: who may come on which of three days, and until when to book."""
    draft = Draft(date(2026, 7, rng.randint(1, 8)))
    first = next_weekday(date(2026, 8, rng.randint(9, 24)), rng.choice((0, 1)))
    due = next_weekday(date(2026, 7, 27), 4)
    title = rng.choice(("特定健康診査", "胃がん集団検診", "骨密度測定会", "大腸がん集団検診", "結核健康診断"))
    days = [first + timedelta(days=step) for step in (0, 1, 3)]
    held = [draft.expect(EVENT, title, at(day, 8, 30), at(day, 11), place="保健福祉センター") for day in days]
    booking = draft.expect(DEADLINE, "予約締切", due)
    page = draft.page(1240, 1200, font="mplus")
    page.write(90, 80, "市民健康課からの大切なお知らせ", 34)
    page.write(90, 150, _every(held, "title", title), 70, font="mplus-bold")
    page.write(90, 300, "実施日", 38, font="mplus-bold")
    words = "、".join([held[0]("start end", f"{first.month}月{first.day}日（{weekday(first)}）"), *(one("start end", f"{day.day}日（{weekday(day)}）") for one, day in zip(held[1:], days[1:], strict=True))])
    page.write(300, 300, words, 38)
    page.write(90, 380, "受付", 38, font="mplus-bold")
    page.write(300, 380, f"{_every(held, 'start', half_day_ja(at(first, 8, 30)))}〜{_every(held, 'end', half_day_ja(at(first, 11)))}", 38)
    page.write(90, 460, "ところ", 38, font="mplus-bold")
    page.write(300, 460, _every(held, "place", "保健福祉センター"), 38)
    page.write(90, 540, "費用", 38, font="mplus-bold")
    page.write(300, 540, f"{rng.choice((500, 1000)):,}円（70歳以上は無料）", 38)
    page.paragraph(90, 660, 1060, f"　事前の予約が必要です。{booking('title')}は{booking('start', f'{slashed(due)}（{weekday(due)}）')}です。定員（各日80名）になり次第終了します。", size=36)
    page.write(90, 1060, "市民健康課　電話 0463-55-0192（平日8:30〜17:15）", 30)
    return draft


def _every(entries: list[Expected], field: str, words: str) -> str:
    """Words that say the same field of several entries."""
    for entry in entries:
        words = entry(field, words)
    return words
