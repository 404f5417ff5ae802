"""Documents with figures and days that announce nothing."""

from __future__ import annotations

import random
from datetime import date

from kioku_scenes.documents.day import LONG
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft

# fmt: off

@design("receipt-en", "receipt")
def receipt_en(rng: random.Random) -> Draft:
    """A till's slip with its day and hour, a return policy in days, and the masked card."""
    bought = date(2026, rng.randint(1, 12), rng.randint(1, 28))
    draft = Draft(bought, "en", "en-US", "America/New_York")
    page = draft.page(560, 1200, (250, 250, 248), "mono")
    page.write(280, 40, rng.choice(("HARDWARE HANK", "CORNER DELI")), 44, anchor="middle")
    page.write(280, 110, "88 MAIN ST  555-0137", 24, anchor="middle")
    page.write(40, 170, f"{bought:%m/%d/%Y}  14:3{rng.randint(0, 9)}  REG 2", 26)
    y, total = 240.0, 0.0
    for name in rng.sample(["WOOD SCREWS 50", "PAINT ROLLER", "MASKING TAPE", "LED BULB 60W", "SANDPAPER 3/4"], 4):
        price = rng.randint(199, 2599) / 100
        page.write(40, y, name, 26)
        page.write(520, y, f"{price:.2f}", 26, anchor="right")
        y, total = y + 44, total + price
    page.write(40, y + 30, "TOTAL", 36)
    page.write(520, y + 30, f"{total:.2f}", 36, anchor="right")
    page.write(40, y + 110, "VISA ************4471", 26)
    page.write(280, y + 200, "RETURNS WITHIN 30 DAYS", 24, anchor="middle")
    page.write(280, y + 240, "THANK YOU", 26, anchor="middle")
    return draft


@design("shop-sign-ja", "shop sign")
def shop_sign_ja(rng: random.Random) -> Draft:
    """The sign of a shop: what it sells, since when, and the hours of every day."""
    draft = Draft(date(2026, 6, 6))
    page = draft.page(1200, 700, (70, 50, 40), "mincho")
    page.write(600, 90, rng.choice(("手打ちそば 山月庵", "くらた理容室")), 92, ink=(250, 240, 220), anchor="middle")
    page.write(600, 260, "創業昭和五十二年", 40, ink=(220, 200, 170), anchor="middle")
    page.write(600, 380, "営業 11:00〜14:30", 50, ink=(250, 240, 220), anchor="middle")
    page.write(600, 480, "17:00〜20:00", 50, ink=(250, 240, 220), anchor="middle")
    page.write(600, 590, "TEL 0263-55-0175　P 8台", 36, ink=(220, 200, 170), anchor="middle")
    return draft


@design("nutrition-label", "menu")
def nutrition_label(rng: random.Random) -> Draft:
    """A school's menu of a dish a weekday: prices and calories, but no date at all."""
    draft = Draft(date(2026, 10, 10), "en")
    page = draft.page(900, 1000, (255, 255, 255), "sans")
    page.write(450, 60, "Canteen specials", 58, font="sans-bold", anchor="middle")
    y = 190.0
    dishes = ["Lentil curry", "Fish pie", "Pasta al forno", "Veg chilli", "Jacket potato"]
    rng.shuffle(dishes)
    for dish in dishes:
        page.write(80, y, dish, 38)
        page.write(820, y, f"{rng.randint(310, 690)} kcal  {rng.randint(2, 4)}.{rng.choice((10, 25, 45, 50))}", 34, anchor="right")
        y += 100
    page.write(450, 820, "V vegetarian · GF gluten free · 1/2 portions on request", 28, anchor="middle")
    page.write(450, 880, f"No nuts are used in this kitchen. {len(LONG)} allergens listed at the till.", 26, anchor="middle")
    return draft


@design("business-card", "card")
def business_card(rng: random.Random) -> Draft:
    """A card with numbers that look like days: blocks of an address, telephone, postcode."""
    draft = Draft(date(2026, 5, 20))
    page = draft.page(1100, 660, (255, 255, 255), "p-mincho")
    page.write(90, 80, "株式会社みずほ測量", 42)
    page.write(90, 230, f"技術部　主任　{rng.choice(('上田 直樹', '平野 沙織'))}", 50)
    page.write(90, 400, f"〒104-0061 東京都中央区銀座{rng.randint(1, 8)}-{rng.randint(1, 12)}-{rng.randint(1, 20)}", 32)
    page.write(90, 460, "TEL 03-5555-0122　FAX 03-5555-0123", 32)
    page.write(90, 520, "https://mizuho-sokuryo.example", 32)
    return draft
