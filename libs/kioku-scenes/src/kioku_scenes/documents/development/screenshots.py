"""What a phone shows: chats and mails."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import LONG, MONTHS, SHORT, at, next_weekday
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.page import Ink, Page
from kioku_scenes.documents.truth import EVENT

# fmt: off

_GREEN: Ink = (133, 226, 73)


@design("chat-ja", "chat")
def chat_ja(rng: random.Random) -> Draft:
    """Bubbles: a relative day in one, the hour and the place in another."""
    sent = date(2026, rng.randint(5, 9), rng.randint(4, 20))
    draft = Draft(sent)
    day = next_weekday(
        date.fromordinal(next_weekday(sent, 0).toordinal() + (7 if sent.weekday() == 0 else 0)), 5
    )
    hour = rng.choice((12, 18, 19))
    title = rng.choice(("BBQ", "送別会", "ボウリング大会"))
    place = rng.choice(("多摩川の河川敷", "横浜駅西口の交番前", "いつもの焼き鳥屋"))
    event = draft.expect(EVENT, title, at(day, hour), place=place)
    page = draft.page(828, 1500, (140, 171, 216), "p-gothic")
    page.box(0, 0, 828, 90, fill=(40, 50, 70))
    page.write(414, 24, f"{rng.choice(('ゼミ同期', '営業二課'))} (7)", 36, ink=(255, 255, 255), anchor="middle")
    page.write(414, 120, f"{sent.month}/{sent.day}({'月火水木金土日'[sent.weekday()]})", 26, ink=(255, 255, 255), anchor="middle")
    y = 180.0
    says = (
        (False, f"みんな来週の{event('start', '土曜')}空いてる？", "10:02"),
        (True, "空いてるよ〜", "10:05"),
        (False, f"じゃあ{event('title')}しよう！", "10:06"),
        (True, "何時にどこ？", "10:11"),
        (False, f"{event('start', f'{hour}時')}に{event('place')}集合ね", "10:12"),
        (True, event.note("飲み物は各自持参で"), "10:20"),
        (False, "りょうかい！", "10:21"),
    )
    for mine, words, when in says:
        y = _bubble(page, y, words, when, mine=mine)
    return draft


def _bubble(page: Page, y: float, words: str, when: str, *, mine: bool) -> float:
    width = page.measure(words, 34)
    left = 780 - width - 40 if mine else 60.0
    page.box(left, y, left + width + 40, y + 66, fill=_GREEN if mine else (255, 255, 255), radius=24)
    page.write(left + 20, y + 14, words, 34)
    page.write(left - 12 if mine else left + width + 52, y + 38, when, 22, ink=(70, 80, 100), anchor="right" if mine else "left")
    return y + 116


@design("mail-en", "mail")
def mail_en(rng: random.Random) -> Draft:
    """A mail in a reader: its own date in the head, the appointment in the text."""
    sent = date(2026, rng.randint(2, 6), rng.randint(3, 20))
    draft = Draft(sent, "en", zone="America/New_York")
    day = next_weekday(sent + timedelta(days=rng.randint(9, 15)), rng.choice((0, 1, 3)))
    visit = draft.expect(EVENT, rng.choice(("Dental cleaning", "Annual eye exam")), at(day, 14, 45), place="Lakeside Health, Suite 210", clocks={"RECEPTION": at(day, 14, 30)})
    page = draft.page(900, 1300, font="sans")
    page.box(0, 0, 900, 100, fill=(60, 90, 160))
    page.write(40, 28, "< Inbox", 34, ink=(255, 255, 255))
    page.write(40, 140, "Appointment confirmed", 46, font="sans-bold")
    page.write(40, 230, "From: reminders@lakeside.example", 28, ink=(90, 90, 90))
    page.write(40, 275, f"Sent: {SHORT[sent.weekday()]} {sent.month}/{sent.day}/{sent.year} 8:03 AM", 28, ink=(90, 90, 90))
    page.line(40, 330, 860, 330, ink=(200, 200, 200))
    y = page.write(40, 370, f"Hi {rng.choice(('Jordan', 'Priya'))},", 34)
    y = page.paragraph(40, y + 20, 820, f"This confirms your {visit('title')} on {visit('start end', f'{LONG[day.weekday()]}, {MONTHS[day.month - 1]} {day.day}')} at {visit('start', '2:45 PM')}. Please check in by {visit('clock', '2:30 PM')}.", size=34)
    y = page.write(40, y + 20, f"Location: {visit('place')}", 34)
    y = page.paragraph(40, y + 20, 820, visit.note("Bring your insurance card and a photo ID."), size=34)
    page.write(40, y + 60, "To cancel, call 555-0108 at least 24 hours ahead.", 30)
    page.write(40, 1200, "Ref 20-4471-09", 24, ink=(130, 130, 130))
    return draft
