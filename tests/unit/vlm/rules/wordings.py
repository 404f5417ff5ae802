"""Documents in wordings of their own that the rules were written with."""

from __future__ import annotations

from datetime import date

from tests.unit.vlm.rules.paper import Sheet, Wanted, centred, column, line, paper

PLANTING = Sheet(
    "flyer with a line of day and time",
    paper(
        line(80, 90, 80, "Tree Planting Day"),
        line(80, 200, 30, "Wear sturdy boots and come hungry!"),
        line(80, 340, 40, "Sun, Oct 4 | 8:30 a.m. - noon"),
        line(80, 410, 34, "@ Quarry Hill Reserve, north gate"),
        line(80, 560, 26, "Register by September 25 at treefolk.example"),
        line(80, 610, 26, "Call 555-0188 with questions."),
        language="en",
    ),
    date(2026, 9, 2),
    (
        Wanted("Tree Planting Day", "2026-10-04T08:30", "2026-10-04T12:00",
               "Quarry Hill Reserve, north gate"),
        Wanted("Register", "2026-09-25", kind="DEADLINE"),
    ),
)  # fmt: skip
PLANS = Sheet(
    "list of days with remarks",
    paper(
        line(80, 60, 22, "ひまわり児童クラブ おたより"),
        line(740, 60, 22, "令和8年6月26日発行"),
        centred(150, 44, "7月・8月の予定"),
        line(100, 280, 26, "7月3日(金) 避難訓練"),
        line(100, 325, 26, "7月17日(金) お楽しみ会 14:00から"),
        line(100, 370, 26, "8月1日(土) 夏まつり(中央公民館)"),
        line(100, 415, 26, "8月21日(金) 水遊び ※タオルが必要です"),
        line(100, 560, 24, "暑い日が続きます。水筒を忘れずに持たせてください。"),
    ),
    date(2026, 6, 27),
    (
        Wanted("避難訓練", "2026-07-03"),
        Wanted("お楽しみ会", "2026-07-17T14:00"),
        Wanted("夏まつり", "2026-08-01", "", "中央公民館"),
        Wanted("水遊び", "2026-08-21"),
    ),
)
TALKS = Sheet(
    "date on top, name below",
    paper(
        line(90, 70, 52, "2026.10.17 [土]"),
        line(90, 150, 34, "15:00開演(14:30開場)"),
        line(90, 330, 30, "市民文化講座"),
        line(90, 390, 78, "里山の鳥たち"),
        line(90, 500, 30, "講師:遠藤 進(野鳥の会会員)"),
        line(90, 640, 30, "[会場] 生涯学習プラザ 大会議室"),
        line(90, 690, 30, "[定員] 80名(先着順)"),
        line(90, 740, 30, "[申込] 10/9(金)までにお電話で 0895-00-1111"),
    ),
    date(2026, 9, 10),
    (
        Wanted("里山の鳥たち", "2026-10-17T15:00", "", "生涯学習プラザ 大会議室"),
        Wanted("申込", "2026-10-09", kind="DEADLINE"),
    ),
)
CLASSES = Sheet(
    "columns without headings",
    paper(
        centred(70, 46, "Gym Classes, May 2026"),
        *(
            line(x, y, 26, text)
            for y, row in zip(
                (220, 270, 320, 370),
                (
                    ("4 May", "18:00", "Spin", "Studio B"),
                    ("6 May", "07:15", "Boxing Basics", "Main Gym"),
                    ("8 May", "12:10", "Core 30", "Studio A"),
                    ("9 May", "10:00", "St Anne's Masters", "Pool"),
                ),
                strict=True,
            )
            for x, text in zip((80, 240, 400, 700), row, strict=True)
        ),
        language="en",
    ),
    date(2026, 4, 28),
    (
        Wanted("Spin", "2026-05-04T18:00", "", "Studio B"),
        Wanted("Boxing Basics", "2026-05-06T07:15", "", "Main Gym"),
        Wanted("Core 30", "2026-05-08T12:10", "", "Studio A"),
        Wanted("St Anne's Masters", "2026-05-09T10:00", "", "Pool"),
    ),
)
SHUT = Sheet(
    "library that shuts",
    paper(
        centred(100, 56, "臨時休館のお知らせ"),
        line(100, 260, 28, "7月20日(月)~7月24日(金)は蔵書点検のため休館いたします。"),
        line(100, 310, 28, "27日(月)は定例の休館日です。"),
        line(100, 480, 26, "ゆりの木図書館"),
    ),
    date(2026, 7, 1),
    (
        Wanted("蔵書点検", "2026-07-20", "2026-07-24", kind="CLOSED"),
        Wanted("休館日", "2026-07-27", kind="CLOSED"),
    ),
)
CARD = Sheet(
    "invitation, place without a word for places",
    paper(
        centred(160, 30, "Please join us for"),
        centred(230, 62, "Nora & Eli's Housewarming"),
        centred(380, 34, "Friday, August 7th at 6:30 PM"),
        centred(440, 34, "Maple & Main"),
        centred(490, 26, "88 Orchard Avenue, Madison, WI 53703"),
        centred(620, 28, "RSVP to Nora by July 31: (608) 555-0133"),
        language="en",
    ),
    date(2026, 7, 10),
    (
        Wanted("Nora & Eli's Housewarming", "2026-08-07T18:30", "", "Maple & Main"),
        Wanted("RSVP", "2026-07-31", kind="DEADLINE"),
    ),
)
POTS = Sheet(
    "exhibition of several days",
    paper(
        centred(90, 92, "土のかたち三人展"),
        centred(300, 46, "2026年9月8日(火)-13日(日)"),
        centred(370, 30, "10:30-18:30 最終日は16:30まで"),
        centred(520, 36, "ギャラリー森"),
        centred(570, 24, "金沢市本多町三丁目"),
        centred(640, 24, "Tel. 076-000-2222"),
    ),
    date(2026, 8, 20),
    (Wanted("土のかたち三人展", "2026-09-08T10:30", "2026-09-13T16:30", "ギャラリー森"),),
)
OFFICE = Sheet(
    "message about a meeting",
    paper(
        line(60, 60, 22, "2026/09/01 10:05"),
        line(60, 110, 26, "件名: 部会の時間変更"),
        line(60, 180, 24, "お世話になっております。9月の編集部会ですが、9月15日(火)13時から"),
        line(60, 214, 24, "別館2階の小会議室で行います。議題は追ってお送りします。"),
        line(60, 280, 24, "以上、よろしくお願いいたします。"),
    ),
    date(2026, 9, 1),
    (Wanted("編集部会", "2026-09-15T13:00", "", "別館2階の小会議室"),),
)
CIRCLE = Sheet(
    "vertical notice with numbered points",
    paper(
        column(860, 80, 52, "俳句の会へのお誘い"),
        column(760, 100, 32, "左記のとおり開催します"),
        column(680, 100, 32, "一 日時 十一月八日(日)"),
        column(630, 200, 32, "午後一時より"),
        column(570, 100, 32, "一 場所 南町会館"),
        column(510, 100, 32, "一 参加費 三百円"),
        column(200, 700, 32, "南町俳句愛好会"),
    ),
    date(2026, 10, 25),
    (Wanted("俳句の会", "2026-11-08T13:00", "", "南町会館"),),
)
LUNCH = Sheet(
    "menu",
    paper(
        centred(80, 64, "Bistro Dinner"),
        line(100, 220, 28, "Onion tart|£7.50"),
        line(100, 270, 28, "Braised beef|£16.00"),
        line(100, 320, 28, "Apple crumble|£6.25"),
        line(100, 420, 24, "Served 17:30 - 21:30"),
        language="en",
    ),
    date(2026, 5, 5),
)
WORDINGS = (
    PLANTING, PLANS, TALKS, CLASSES, SHUT, CARD, POTS, OFFICE, CIRCLE, LUNCH,
)  # fmt: skip
