"""Slips and messages in Japanese: appointments, parcels, reminders, cards."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    at,
    clock,
    clock_ja,
    half_day_ja,
    next_weekday,
    slashed,
    weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.truth import DEADLINE, EVENT

# fmt: off

@design("jp-dentist-card", "ticket")
def dentist_card(rng: random.Random) -> Draft:
    """A dentist's card: past visits struck through would be told, the next one is at the foot."""
    draft = Draft(date(2026, 11, rng.randint(2, 9)))
    day = next_weekday(draft.reference + timedelta(days=rng.randint(8, 14)), rng.choice((0, 1, 4)))
    name = rng.choice(("ほほえみ歯科", "さくら通り歯科医院"))
    hour, minute = rng.choice(((9, 30), (11, 15), (16, 45)))
    visit = draft.expect(EVENT, "次回ご予約", at(day, hour, minute), place=name, implied=("place",))
    page = draft.page(900, 560, (250, 254, 252), "vl-p")
    page.write(450, 40, "診 察 券", 44, anchor="middle", ink=(20, 120, 110))
    page.write(60, 120, f"No. {rng.randint(10000, 99999)}　　小林 まゆみ 様", 34)
    page.write(60, 180, "生年月日 昭和57年4月9日", 30)
    page.line(60, 240, 840, 240)
    page.write(60, 265, visit("title"), 34)
    page.write(300, 260, f"{visit('start end', f'{day.month}月{day.day}日（{weekday(day)}）')}{visit('start', half_day_ja(at(day, hour, minute)))}", 42)
    page.write(60, 350, "ご都合の悪い場合は前日までにご連絡ください。", 28)
    page.write(60, 420, f"{visit('place')}　TEL 0422-55-0163", 34)
    page.write(60, 480, "診療 9:00〜12:30／14:00〜19:00", 26)
    return draft


@design("jp-parcel", "deadline")
def parcel(rng: random.Random) -> Draft:
    """A parcel could not be brought: when that was, and until when it is kept."""
    draft = Draft(date(2026, 12, rng.randint(3, 14)))
    kept = draft.reference + timedelta(days=7)
    keep = draft.expect(DEADLINE, "保管期限", kept)
    page = draft.page(760, 1200, (255, 252, 240), "gothic")
    page.write(380, 50, "ご不在連絡票", 56, anchor="middle")
    page.write(50, 150, f"お届け日時　{draft.reference.month}月{draft.reference.day}日　{rng.randint(10, 17)}時{rng.randint(10, 50)}分", 32)
    page.write(50, 210, f"伝票番号　{rng.randint(1000, 9999)}-{rng.randint(1000, 9999)}-{rng.randint(1000, 9999)}", 32)
    page.write(50, 270, "ご依頼主　通販のマルシェ 様", 32)
    page.write(50, 330, "品　名　衣類", 32)
    page.box(40, 410, 720, 520, edge=(180, 40, 40), width=3)
    page.write(60, 435, f"{keep('title')}　{keep('start', f'{kept.month}月{kept.day}日（{weekday(kept)}）')}", 44, ink=(180, 40, 40))
    page.write(50, 570, "期限を過ぎますとご依頼主に返送されます。", 28)
    page.write(50, 650, "再配達のご希望時間帯に○をつけてください", 28)
    page.write(50, 710, "午前中　14-16　16-18　18-20　19-21", 32)
    page.write(50, 820, "ドライバー直通 080-5555-0188（8:00〜19:00）", 30)
    page.write(50, 880, "自動受付 0120-555-019（24時間）", 30)
    return draft


@design("jp-sms-reminder", "chat")
def sms_reminder(rng: random.Random) -> Draft:
    """A hairdresser's message of a booking, the salon in the first line."""
    draft = Draft(date(2026, 5, rng.randint(6, 20)))
    day = draft.reference + timedelta(days=rng.randint(2, 5))
    salon = rng.choice(("Hair Salon こもれび", "美容室ソラ"))
    cut = draft.expect(EVENT, rng.choice(("カット・カラー", "カット・パーマ")), at(day, 15), place=salon, implied=("place",))
    page = draft.page(820, 1000, (240, 240, 244), "mplus")
    page.box(50, 120, 770, 780, fill=(255, 255, 255), radius=30)
    page.write(410, 50, f"{draft.reference.month}月{draft.reference.day}日 {clock(at(draft.reference, 18, 2))}", 26, anchor="middle")
    y = page.write(80, 150, cut("place"), 34)
    y = page.write(80, y + 10, "小林様 ご予約を承りました。", 34)
    y = page.write(80, y + 30, f"日時：{cut('start end', f'{slashed(day)}({weekday(day)})')} {cut('start', clock(at(day, 15)))}〜", 34)
    y = page.write(80, y + 10, f"メニュー：{cut('title')}", 34)
    y = page.write(80, y + 10, "担当：野口", 34)
    page.paragraph(80, y + 30, 660, "変更・キャンセルは前日の18時までにお電話ください。 03-5555-0121", size=30)
    return draft


@design("jp-wedding", "mail")
def wedding(rng: random.Random) -> Draft:
    """A wedding: ceremony and banquet at two hours, the hotel after the day without a label."""
    draft = Draft(date(2026, 7, rng.randint(5, 20)))
    day = next_weekday(date(2026, 10, rng.randint(3, 17)), 5)
    due = date(2026, 8, rng.choice((20, 25, 31)))
    hotel = rng.choice(("ホテル ラ・メール", "翠明閣"))
    rite = draft.expect(EVENT, "挙式", at(day, 11, 30), place=hotel)
    feast = draft.expect(EVENT, "披露宴", at(day, 13), place=hotel)
    answer = draft.expect(DEADLINE, "ご返信", due)
    page = draft.page(900, 1300, (255, 250, 248), "p-mincho")
    page.write(450, 120, "謹啓　皆様にはますますご清祥のこととお慶び申し上げます", 28, anchor="middle")
    page.write(450, 190, "このたび　私たちは結婚式を挙げることになりました", 30, anchor="middle")
    page.write(450, 300, rite("start end", feast("start end", f"2026年{day.month}月{day.day}日（土）")), 46, anchor="middle")
    page.write(450, 400, f"{rite('title')}　{rite('start', half_day_ja(at(day, 11, 30)))}", 38, anchor="middle")
    page.write(450, 470, f"{feast('title')}　{feast('start', half_day_ja(at(day, 13)))}", 38, anchor="middle")
    page.write(450, 580, rite("place", feast("place")), 42, anchor="middle")
    page.write(450, 650, "横浜市中区海岸通1-5-9　045-555-0150", 28, anchor="middle")
    page.write(450, 820, "お手数ではございますが", 28, anchor="middle")
    page.write(450, 870, f"{answer('start', f'{due.month}月{due.day}日')}までに{answer('title')}くださいますようお願い申し上げます", 28, anchor="middle")
    page.write(450, 1040, "山下 拓也　　早川 美咲", 40, anchor="middle")
    return draft


@design("jp-bus-ticket", "ticket")
def bus_ticket(rng: random.Random) -> Draft:
    """A night bus: leaves on one day, arrives on the next; both have places."""
    draft = Draft(date(2026, 4, rng.randint(1, 18)))
    day = date(2026, 4, 28) + timedelta(days=rng.randint(0, 3))
    over = day + timedelta(days=1)
    name = rng.choice(("ドリームライナー5号", "きたかぜ号 301便"))
    ride = draft.expect(EVENT, name, at(day, 22, 40), at(over, 6, 15), place="新宿駅南口")
    page = draft.page(1200, 620, (244, 248, 252), "gothic")
    page.write(50, 40, "高速バス乗車券", 36)
    page.write(50, 110, ride("title"), 54)
    page.write(50, 230, "出発", 34)
    page.write(170, 225, f"{ride('start', f'{day.year}年{day.month}月{day.day}日({weekday(day)}) 22:40')}　{ride('place')}", 42)
    page.write(50, 310, "到着", 34)
    page.write(170, 305, f"{ride('end', f'{over.year}年{over.month}月{over.day}日({weekday(over)}) 06:15')}　仙台駅東口", 42)
    page.write(50, 400, f"座席 {rng.randint(1, 10)}B　大人1名　運賃 {rng.choice((4800, 5600)):,}円", 34)
    page.write(50, 480, f"発券 {draft.reference:%Y.%m.%d}　予約番号 {rng.randint(100000, 999999)}", 28)
    return draft


@design("jp-circular-chat", "chat")
def circular_chat(rng: random.Random) -> Draft:
    """A coach's message to a group: tomorrow's training is off, Sunday's match has its hours."""
    draft = Draft(date(2026, rng.randint(5, 10), rng.randint(8, 12)))
    sunday = next_weekday(draft.reference, 6)
    match = draft.expect(EVENT, "練習試合", at(sunday, 9, 30), place=rng.choice(("河川敷Bグラウンド", "南高校グラウンド")), clocks={"GATHERING": at(sunday, 8, 15)})
    page = draft.page(820, 1100, (214, 228, 240), "vl-p")
    page.write(410, 40, "少年サッカー連絡用(32)", 32, anchor="middle")
    page.write(410, 110, f"{draft.reference.year}年{draft.reference.month}月{draft.reference.day}日({weekday(draft.reference)})", 26, anchor="middle")
    page.box(60, 180, 700, 780, fill=(255, 255, 255), radius=24)
    page.paragraph(
        90, 200, 580,
        "お疲れさまです。グラウンド状態が悪いため、今日の練習は中止にします。\n"
        f"{match('start end', f'{sunday.month}/{sunday.day}(日)')}の{match('title')}は予定通りです。\n"
        f"{match('clock', clock_ja(at(sunday, 8, 15)))} 現地集合\n"
        f"{match('start', clock_ja(at(sunday, 9, 30)))} キックオフ\n"
        f"{match('place')}です。\n{match.note('白ユニ、弁当、水筒多めで')}お願いします！", size=34,
    )  # fmt: skip
    page.write(710, 750, "既読 21\n18:47", 24)
    return draft
