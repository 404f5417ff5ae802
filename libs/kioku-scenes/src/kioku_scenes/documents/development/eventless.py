"""Documents that announce nothing, whatever dates and figures they hold."""

from __future__ import annotations

import random
from datetime import date

from kioku_scenes.documents.day import at, clock
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft

# fmt: off

@design("receipt-ja", "receipt")
def receipt_ja(rng: random.Random) -> Draft:
    """A supermarket's receipt: its date is when something was bought."""
    bought = date(2026, rng.randint(1, 12), rng.randint(1, 28))
    draft = Draft(bought)
    page = draft.page(620, 1300, (252, 252, 250), "gothic")
    page.write(310, 40, rng.choice(("スーパー まるはち", "フレッシュ市場")), 44, anchor="middle")
    page.write(310, 110, "港町店　TEL 0466-55-0181", 26, anchor="middle")
    page.write(310, 150, "登録番号 T1234567890123", 24, anchor="middle")
    moment = at(bought, rng.randint(10, 20), rng.randint(0, 59))
    page.write(40, 210, f"{bought.year}年{bought.month:02d}月{bought.day:02d}日 {clock(moment)}　レジ{rng.randint(1, 9):02d}", 26)
    y, total = 280.0, 0
    goods = [
        ("牛乳1L", 238),
        ("食パン6枚", 168),
        ("たまご10個", 298),
        ("バナナ", 158),
        ("豆腐 2丁", 96),
        ("りんご", 398),
    ]
    rng.shuffle(goods)
    for name, price in goods:
        page.write(40, y, name, 28)
        page.write(580, y, f"¥{price}", 28, anchor="right")
        y, total = y + 48, total + price
    page.line(40, y + 10, 580, y + 10)
    page.write(40, y + 30, "合計", 40)
    page.write(580, y + 30, f"¥{total:,}", 40, anchor="right")
    page.write(40, y + 100, f"お預り ¥{(total // 1000 + 1) * 1000:,}", 28)
    page.write(40, y + 150, "ポイント残高 1,204P", 26)
    page.write(310, y + 260, "またのご来店をお待ちしております", 26, anchor="middle")
    return draft


@design("recipe-ja", "recipe")
def recipe_ja(rng: random.Random) -> Draft:
    """A recipe: fractions, minutes and degrees that look like days and hours."""
    draft = Draft(date(2026, 3, 3))
    page = draft.page(1000, 1300, (255, 253, 246), "klee")
    page.write(80, 80, rng.choice(("かぼちゃのポタージュ", "さばの味噌煮")), 66, font="klee-bold")
    page.write(80, 190, f"調理時間 約{rng.choice((25, 40))}分／{rng.randint(2, 4)}人分", 36)
    y = 290.0
    for words in ("玉ねぎ…1/2個", "牛乳…300ml", "バター…10g", "塩…小さじ1/4", "砂糖…大さじ1・1/2"):
        y = page.write(110, y, words, 34)
    steps = ("1. 材料を1.5cm角に切り、中火で5〜6分炒める。", "2. 水を加えて15分煮る。", "3. 180℃のオーブンで10分温めた器に注ぐ。")
    for words in steps:
        y = page.paragraph(80, y + 30, 840, words, size=36)
    page.write(920, 1220, "p. 12-13", 26, anchor="right")
    return draft


@design("menu-en", "menu")
def menu_en(rng: random.Random) -> Draft:
    """A café's menu with prices that look like clocks, and its founding year."""
    draft = Draft(date(2026, 5, 5), "en")
    page = draft.page(800, 1200, (34, 40, 38), "serif")
    page.write(400, 80, rng.choice(("The Copper Kettle", "Café Juniper")), 58, font="serif-bold", ink=(240, 220, 170), anchor="middle")
    page.write(400, 170, "since 1987", 30, ink=(220, 220, 210), anchor="middle")
    y = 280.0
    for name, price in (("Flat white", "3.40"), ("Pot of tea for two", "5.20"), ("Eggs on toast", "9.30"), ("Soup of the day", "7.15"), ("Sunday roast", "16.45"), ("Saturday brunch plate", "12.30")):
        page.write(90, y, name, 36, ink=(235, 235, 228))
        page.write(710, y, price, 36, ink=(235, 235, 228), anchor="right")
        y += 80
    page.write(400, 1060, "10% service is added for parties of 6 or more", 24, ink=(200, 200, 190), anchor="middle")
    return draft
