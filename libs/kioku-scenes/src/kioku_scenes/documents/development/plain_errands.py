"""Errands in Japanese: bookings, vaccination, taxes, road works, funerals, advertisements."""

from __future__ import annotations

import random
from datetime import date, timedelta

from kioku_scenes.documents.day import (
    at,
    clock_ja,
    half_day_ja,
    japanese,
    next_weekday,
    nth_weekday,
    slashed,
    weekday,
)
from kioku_scenes.documents.design import design
from kioku_scenes.documents.document import Draft
from kioku_scenes.documents.table import TableLook, draw_table
from kioku_scenes.documents.truth import DEADLINE, EVENT

# fmt: off

@design("js-trial-days", "festival poster")
def trial_days(rng: random.Random) -> Draft:
    """A trial lesson on two Saturdays, the hour in front of the days."""
    draft = Draft(date(2026, 4, rng.randint(10, 25)))
    first = next_weekday(date(2026, 5, rng.randint(9, 16)), 5)
    second = first + timedelta(days=7)
    title = rng.choice(("無料体験レッスン", "そろばん体験会"))
    both = [draft.expect(EVENT, title, at(day, 10, 30), place="かえで学習室") for day in (first, second)]
    page = draft.page(900, 1200, (255, 246, 236), "mplus")
    page.write(450, 80, "春の生徒募集！", 84, font="mplus-black", anchor="middle")
    page.write(450, 230, both[0]("title", both[1]("title")), 56, anchor="middle")
    hour = both[1]("start", both[0]("start", "午前10時30分"))
    page.write(450, 360, f"{hour}から　{both[0]('start', f'{slashed(first)}（土）')}・{both[1]('start', f'{slashed(second)}（土）')}", 38, anchor="middle")
    page.write(450, 470, "年長〜小学6年生", 36, anchor="middle")
    page.write(450, 700, both[0]("place", both[1]("place")), 48, anchor="middle")
    page.write(450, 780, "花見台2-8-1 コーポみどり1階　電話 0463-55-0199", 30, anchor="middle")
    return draft


@design("js-road-works", "community bulletin")
def road_works(rng: random.Random) -> Draft:
    """Works over two months but not on Sundays."""
    draft = Draft(date(2026, 5, rng.randint(8, 24)))
    first, last = date(2026, 6, rng.choice((1, 2, 3))), date(2026, 7, rng.choice((29, 30, 31)))
    works = draft.expect(EVENT, "下水道工事", at(first, 9), at(last, 17), place="県道22号 本町交差点付近")
    page = draft.page(1000, 1200, font="p-gothic")
    page.write(500, 80, f"{works('title')}のお知らせ", 58, anchor="middle")
    page.paragraph(90, 220, 820, "　日頃より市政にご協力いただきありがとうございます。下記のとおり工事を行います。騒音・振動でご迷惑をおかけしますが、ご理解をお願いします。", size=34)
    page.write(90, 480, "工事期間", 36)
    page.write(300, 480, f"{works('start', f'令和8年{first.month}月{first.day}日')}から{works('end', f'{last.month}月{last.day}日')}まで", 36)
    page.write(300, 540, f"（日曜・祝日を除く {works('start', '9時')}〜{works('end', '17時')}）", 32)
    page.write(90, 620, "工事場所", 36)
    page.write(300, 620, works("place"), 36)
    page.write(90, 900, "施工　関東建設(株)　現場代理人 飯島　0463-55-0166", 30)
    return draft


@design("js-vaccination", "ticket")
def vaccination(rng: random.Random) -> Draft:
    """A voucher: number, birthday, and when and where to come."""
    draft = Draft(date(2026, 9, rng.randint(15, 28)))
    day = next_weekday(date(2026, 10, rng.randint(10, 25)), rng.choice((5, 6)))
    hour, minute = rng.choice(((9, 15), (13, 45)))
    shot = draft.expect(EVENT, "インフルエンザ予防接種", at(day, hour, minute), place="市民健康センター 1階")
    page = draft.page(1000, 700, (250, 252, 255), "gothic")
    page.write(60, 50, f"{shot('title')} 予約票", 46)
    page.write(60, 140, f"受付番号 {rng.randint(1000, 9999)}　氏名 加藤 義男 様", 34)
    page.write(60, 200, "昭和23年3月15日生", 30)
    page.write(60, 290, f"接種日時　{shot('start end', f'{day.year}年{day.month}月{day.day}日({weekday(day)})')} {shot('start', clock_ja(at(day, hour, minute)))}", 38)
    page.write(60, 360, f"接種会場　{shot('place')}", 38)
    page.write(60, 450, "予診票・健康保険証をお持ちください。", 32)
    page.write(60, 600, "コールセンター 0120-555-014（平日9時〜17時）", 28)
    return draft


@design("js-double-bill", "concert poster")
def double_bill(rng: random.Random) -> Draft:
    """Two films on one day, each behind its number and hour."""
    draft = Draft(date(2026, 7, rng.randint(1, 12)))
    day = next_weekday(date(2026, 8, rng.randint(1, 9)), 6)
    one, two = rng.sample(("山の上の郵便局", "ひまわり畑のねこ", "父と暮らした港"), 2)
    films = [draft.expect(EVENT, one, at(day, 10, 30), place="文化会館 視聴覚室"), draft.expect(EVENT, two, at(day, 14), place="文化会館 視聴覚室")]
    page = draft.page(1000, 1300, (236, 242, 236), "mplus2")
    page.write(500, 80, "夏の名画座", 80, font="mplus2-bold", anchor="middle")
    page.write(500, 240, films[1]("start end", films[0]("start end", japanese(day))), 60, anchor="middle")
    page.write(150, 400, f"1. {films[0]('start', '10:30')}〜　『{films[0]('title')}』", 42)
    page.write(150, 500, f"2. {films[1]('start', '14:00')}〜　『{films[1]('title')}』", 42)
    page.write(500, 680, films[0]("place", films[1]("place")), 44, anchor="middle")
    page.write(500, 760, "各回 定員60名・無料", 36, anchor="middle")
    return draft


@design("js-tax", "deadline")
def tax(rng: random.Random) -> Draft:
    """The terms of a tax, each with the day by which it is to be paid."""
    draft = Draft(date(2026, 6, rng.randint(5, 14)))
    days = (date(2026, 6, rng.randint(24, 30)), date(2026, 8, 31), date(2026, 11, 2), date(2027, 2, 1))
    rows = [["期別", "納期限", "税額"]]
    for term, day in enumerate(days, 1):
        due = draft.expect(DEADLINE, f"第{term}期", day)
        rows.append([due("title"), due("start", f"令和{day.year - 2018}年{day.month}月{day.day}日"), f"{rng.randint(18, 42)},000円"])
    page = draft.page(1000, 1000, font="mincho")
    page.write(500, 80, "令和8年度 市民税・県民税 納税通知書", 42, anchor="middle")
    page.write(900, 170, "令和8年6月1日", 28, anchor="right")
    draw_table(page, 120, 260, (180, 380, 220), rows, look=TableLook(size=32, row=76))
    page.write(120, 720, "納期限を過ぎますと延滞金がかかります。", 30)
    page.write(120, 780, "市役所 収税課　0465-55-0120", 30)
    return draft


@design("js-inn", "mail")
def inn(rng: random.Random) -> Draft:
    """A booking of an inn: check-in and check-out."""
    draft = Draft(date(2026, 6, rng.randint(1, 25)))
    day = date(2026, 8, rng.randint(2, 20))
    over = day + timedelta(days=2)
    house = rng.choice(("湯の里 あさひ荘", "ホテル高原の風"))
    stay = draft.expect(EVENT, "ご宿泊", at(day, 15), at(over, 10), place=house, implied=("title",))
    page = draft.page(820, 1200, font="mplus")
    page.write(60, 60, "予約確認", 44, font="mplus-bold")
    page.write(60, 140, "小林 様　ご予約ありがとうございます。", 30)
    page.write(60, 230, stay("place"), 46, font="mplus-bold")
    page.write(60, 320, "和室10畳 1泊2食付 大人2名", 32)
    page.write(60, 410, "チェックイン", 32)
    page.write(330, 410, stay("start", f"{japanese(day)} 15:00"), 34)
    page.write(60, 480, "チェックアウト", 32)
    page.write(330, 480, stay("end", f"{japanese(over)} 10:00"), 34)
    page.write(60, 570, stay("title", "ご宿泊") + f"料金 {rng.randint(38, 62)},400円（税込）", 32)
    page.write(60, 640, "予約番号 RS-20418833", 30)
    page.write(60, 700, f"取消料：{(day - timedelta(days=3)).month}月{(day - timedelta(days=3)).day}日から半額", 28)
    return draft


@design("js-funeral", "school letter")
def funeral(rng: random.Random) -> Draft:
    """A wake and a funeral on two days in one hall."""
    draft = Draft(date(2026, 2, rng.randint(3, 20)))
    day = draft.reference + timedelta(days=2)
    over = day + timedelta(days=1)
    hall = rng.choice(("セレモニーホール白菊", "やすらぎ会館"))
    wake = draft.expect(EVENT, "通夜", at(day, 18), place=hall)
    rite = draft.expect(EVENT, "告別式", at(over, 11), at(over, 12), place=hall)
    died = draft.reference - timedelta(days=1)
    page = draft.page(1000, 1200, font="mincho")
    page.write(500, 90, "訃　報", 64, anchor="middle")
    page.paragraph(90, 230, 820, f"　かねてより病気療養中の 町内会員 山田 太郎 様が、{died.month}月{died.day}日に逝去されました（享年八十四）。ここに謹んでお知らせ申し上げます。", size=34)
    page.write(140, 480, f"{wake('title')}　{wake('start end', f'{day.month}月{day.day}日（{weekday(day)}）')}{wake('start', half_day_ja(at(day, 18)))}より", 36)
    page.write(140, 560, f"{rite('title')}　{rite('start end', f'{over.month}月{over.day}日（{weekday(over)}）')}{rite('start', half_day_ja(at(over, 11)))}〜{rite('end', '正午')}", 36)
    page.write(140, 640, f"式　場　{wake('place', rite('place'))}", 36)
    page.write(140, 720, "喪　主　山田 一郎 様（長男）", 36)
    page.write(910, 960, "青葉町内会", 34, anchor="right")
    return draft


@design("js-article", "newsletter")
def article(rng: random.Random) -> Draft:
    """A newspaper's article: announced yesterday, held next month at the same house."""
    draft = Draft(date(2026, 10, rng.randint(16, 24)))
    told = draft.reference - timedelta(days=1)
    day = next_weekday(date(2026, 11, rng.randint(7, 20)), 5)
    talk = draft.expect(EVENT, rng.choice(("天文講演会", "郷土史講演会")), at(day, 14), place="市立図書館")
    page = draft.page(1000, 1000, (248, 246, 240), "mincho")
    page.write(80, 70, "宇宙飛行士ら講演へ" if talk.title == "天文講演会" else "城下町の歴史を語る", 64)
    page.paragraph(
        80, 210, 840,
        f"　{talk('place')}は{told.day}日、開館30周年を記念した{talk('title')}を{talk('start end', f'{day.month}月{day.day}日')}{talk('start', half_day_ja(at(day, 14)))}から同館で開くと発表した。"
        f"定員は120人。同館は1996年11月に開館し、これまでに延べ{rng.randint(200, 400)}万人が利用した。", size=36,
    )  # fmt: skip
    return draft


@design("js-third-sunday", "recurring series")
def third_sunday(rng: random.Random) -> Draft:
    """A market on one Sunday of each month, with its hours and a place of shelter."""
    draft = Draft(date(2026, 3, rng.randint(22, 28)))
    nth = rng.choice((1, 3))
    first = nth_weekday(2026, 4, 6, nth)
    fair = draft.expect(EVENT, rng.choice(("おひさま朝市", "骨とう市")), at(first, 7), at(first, 11, 30), place="八幡神社境内", rrule=f"FREQ=MONTHLY;BYDAY={nth}SU", implied=("start",))
    page = draft.page(900, 1100, (250, 240, 220), "klee")
    page.write(450, 90, fair("title"), 92, font="klee-bold", anchor="middle")
    page.write(450, 280, fair("rrule", f"毎月第{nth}日曜日"), 56, anchor="middle")
    page.write(450, 370, f"{fair('start', '朝7時')}〜{fair('end', '11時半')}", 52, anchor="middle")
    page.write(450, 480, fair("place"), 48, anchor="middle")
    page.write(450, 640, "出店者募集中！　090-5555-0177（係）", 34, anchor="middle")
    return draft


@design("js-warranty", "receipt")
def warranty(rng: random.Random) -> Draft:
    """A warranty: bought on a day, for a year."""
    bought = date(2026, rng.randint(1, 9), rng.randint(1, 28))
    draft = Draft(bought + timedelta(days=3))
    page = draft.page(900, 700, font="gothic")
    page.write(450, 50, "保　証　書", 52, anchor="middle")
    y = 160.0
    for words in ("品名　電気ポット PT-300", f"お買い上げ日　{bought.year}年{bought.month}月{bought.day}日", "保証期間　お買い上げ日より1年間", "お客様　小林 様", "販売店　でんきの山本　0467-55-0135"):
        y = page.write(80, y, words, 34) + 10
    return draft


@design("js-job", "menu")
def job(rng: random.Random) -> Draft:
    """Somebody is wanted: hours of work and days of a week, no day of the calendar."""
    draft = Draft(date(2026, 8, 8))
    page = draft.page(900, 1000, (255, 255, 240), "vl-p")
    page.write(450, 80, "パート・アルバイト募集", 60, anchor="middle")
    y = 230.0
    for words in (f"時給 1,{rng.randint(150, 290)}円〜", "勤務時間 9:00〜14:00／16:00〜21:00", "週2日〜 土日入れる方歓迎", "交通費 1日500円まで", "昇給年1回（4月）", "電話 0467-55-0145 担当 石川"):
        y = page.write(90, y, words, 36) + 20
    return draft
