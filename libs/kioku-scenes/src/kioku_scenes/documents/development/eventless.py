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
