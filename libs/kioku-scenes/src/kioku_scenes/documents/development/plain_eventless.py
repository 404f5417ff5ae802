"""Japanese documents that announce nothing: profiles, price lists, minutes, labels, statistics."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import era, japanese
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft

# fmt: off

@design("jp-profile", "menu")
def profile(rng: random.Random) -> Draft:
    """A company's history: founding years and days long past."""
    draft = Draft(date(2026, 5, rng.randint(1, 25)))
    page = draft.page(1000, 1100, font="p-mincho")
    page.write(80, 80, "会社概要", 54)
    y = 200.0
    for name, words in (("商号", "株式会社 丸亀製作所"), ("設立", "昭和38年6月12日"), ("代表者", "丸亀 健一（昭和45年2月生まれ）"), ("資本金", "1,800万円"), ("従業員", f"{rng.randint(40, 90)}名（2025年3月現在）")):
        page.write(100, y, name, 34)
        page.write(320, y, words, 34)
        y += 70
    page.write(80, y + 40, "沿革", 44)
    y += 130
    for words in ("1963年6月　川崎市に創業", "1987年10月1日　新工場が完成", "2011年4月　ISO9001を取得", "2024年11月3日　創立60周年記念式典を挙行"):
        y = page.write(100, y, words, 34) + 12
    return draft


@design("jp-price-list", "menu")
def price_list(rng: random.Random) -> Draft:
    """A cleaner's prices and days of work: no day of the calendar is meant."""
    draft = Draft(date(2026, 9, 9))
    page = draft.page(900, 1100, (250, 250, 244), "gothic")
    page.write(450, 60, rng.choice(("クリーニング白鳥 料金表", "靴修理のミスター 価格表")), 48, anchor="middle")
    y = 190.0
    for name, price, days in (("ワイシャツ", 180, "1～2日"), ("スーツ上下", 1480, "3～5日"), ("コート", 1650, "5～7日"), ("着物", 6800, "3週間")):
        page.write(90, y, name, 36)
        page.write(520, y, f"{price:,}円～", 36, anchor="right")
        page.write(600, y, f"仕上り {days}", 32)
        y += 90
    page.write(90, y + 60, "朝10時までのお預かりで夕方5時仕上げ（平日のみ）", 30)
    page.write(90, y + 120, "営業時間 9:00-19:00　TEL 0466-55-0151", 30)
    page.write(90, y + 180, "価格は2026年4月1日現在のものです。", 28)
    return draft


@design("jp-minutes", "community bulletin")
def minutes(rng: random.Random) -> Draft:
    """Minutes of a meeting that is over, the labels being those of an invitation."""
    draft = Draft(date(2026, 6, rng.randint(18, 28)))
    day = draft.reference - timedelta(days=rng.randint(4, 9))
    page = draft.page(1240, 1300, font="p-gothic")
    page.write(620, 80, rng.choice(("第3回 理事会 議事録", "定例役員会 議事録")), 52, anchor="middle")
    page.write(90, 200, f"日　時　{era(day)} 午後7時～8時40分", 34)
    page.write(90, 260, "場　所　第一集会所", 34)
    page.write(90, 320, "出席者　会長ほか11名（欠席2名）", 34)
    y = 430.0
    for words in ("1. 会計より5月末の収支報告があり、承認された。", "2. 駐輪場の照明を交換した旨の報告があった。", "3. 防災備蓄品の賞味期限を確認し、不足分の購入を決定した。"):
        y = page.paragraph(90, y, 1060, words, size=34) + 20
    page.write(1150, y + 80, "記録　書記　藤本", 32, anchor="right")
    return draft


@design("jp-food-label", "receipt")
def food_label(rng: random.Random) -> Draft:
    """A label on food: best before, made on, and a telephone."""
    made = date(2026, rng.randint(2, 11), rng.randint(1, 25))
    draft = Draft(made)
    best = made + timedelta(days=rng.randint(4, 30))
    page = draft.page(760, 620, font="gothic")
    page.write(50, 40, rng.choice(("ごまどうふ", "手作りこんにゃく")), 48)
    y = 130.0
    for words in ("原材料名　大豆（国産）、凝固剤", "内容量　300g", f"製造日　{made:%Y.%m.%d}", f"賞味期限　{best:%Y.%m.%d}", "保存方法　10℃以下で保存", "製造者　(有)山せ食品　0494-55-0109"):
        y = page.write(50, y, words, 32)
    return draft


@design("jp-thanks", "school letter")
def thanks(rng: random.Random) -> Draft:
    """A notice of thanks after a bazaar that is over."""
    draft = Draft(date(2026, 11, rng.randint(10, 20)))
    day = date(2026, 11, rng.choice((1, 3)))
    page = draft.page(1000, 1000, (255, 250, 250), "klee")
    page.write(500, 90, "バザーのお礼", 60, font="klee-bold", anchor="middle")
    page.paragraph(
        90, 240, 820,
        f"　{japanese(day, '（）')}に開催いたしましたPTAバザーは、おかげさまで盛況のうちに終了しました。"
        f"売上金は{rng.randint(120, 260)},{rng.randint(100, 999)}円でした。ご協力いただいた皆様に心より御礼申し上げます。", size=36,
    )  # fmt: skip
    page.write(910, 760, "PTA会長　石渡", 34, anchor="right")
    return draft
