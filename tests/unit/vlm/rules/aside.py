"""Documents that were kept aside: written before the rules, they are only scored."""

from __future__ import annotations

from datetime import date

from tests.unit.vlm.rules.paper import Sheet, Wanted, centred, column, line, paper

CLEAN_UP = Sheet(
    "clean-up flyer in English",
    paper(
        line(80, 90, 84, "River Clean-Up Day"),
        line(80, 200, 32, "Bring a friend and a pair of gloves!"),
        line(80, 360, 40, "Sat, Apr 18 | 9 a.m. - noon"),
        line(80, 430, 34, "@ Willow Bend Park, picnic shelter B"),
        line(80, 600, 26, "Sign up by April 10 at riverfriends.example"),
        line(80, 650, 26, "Questions? Call 555-0142."),
        language="en",
    ),
    date(2026, 3, 20),
    (
        Wanted("River Clean-Up Day", "2026-04-18T09:00", "2026-04-18T12:00",
               "Willow Bend Park, picnic shelter B"),
        Wanted("Sign up", "2026-04-10", kind="DEADLINE"),
    ),
)  # fmt: skip
NURSERY = Sheet(
    "nursery's list of days",
    paper(
        line(80, 60, 22, "にじいろ保育園 園だより"),
        line(760, 60, 22, "令和9年1月8日発行"),
        centred(150, 44, "1月・2月の予定"),
        line(100, 280, 26, "1月15日(金) 身体測定"),
        line(100, 325, 26, "1月22日(金) 誕生会 10:00から"),
        line(100, 370, 26, "2月3日(水) 豆まき"),
        line(100, 415, 26, "2月13日(土) 生活発表会(市民文化ホール)"),
        line(100, 460, 26, "2月26日(金) お別れ遠足 ※お弁当が必要です"),
        line(100, 600, 24, "インフルエンザが流行しています。手洗いをこまめにしましょう。"),
    ),
    date(2027, 1, 9),
    (
        Wanted("身体測定", "2027-01-15"),
        Wanted("誕生会", "2027-01-22T10:00"),
        Wanted("豆まき", "2027-02-03"),
        Wanted("生活発表会", "2027-02-13", "", "市民文化ホール"),
        Wanted("お別れ遠足", "2027-02-26"),
    ),
)
LECTURE = Sheet(
    "lecture with the date on top",
    paper(
        line(90, 70, 54, "2026.11.28 [土]"),
        line(90, 150, 34, "14:00開演(13:30開場)"),
        line(90, 330, 30, "市民公開講座"),
        line(90, 390, 76, "眠りと健康"),
        line(90, 500, 30, "講師:佐々木 恵(睡眠クリニック院長)"),
        line(90, 640, 30, "[会場] 県立文化会館 小ホール"),
        line(90, 690, 30, "[定員] 200名(先着順)"),
        line(90, 740, 30, "[申込] 11/20(金)までにお電話で 0895-00-2222"),
    ),
    date(2026, 10, 30),
    (
        Wanted("眠りと健康", "2026-11-28T14:00", "", "県立文化会館 小ホール"),
        Wanted("申込", "2026-11-20", kind="DEADLINE"),
    ),
)
FIXTURES = Sheet(
    "fixture list without headings",
    paper(
        centred(70, 46, "Under-12s Autumn Fixtures 2026"),
        *(
            line(x, y, 26, text)
            for y, row in zip(
                (220, 270, 320, 370, 420),
                (
                    ("5 Sept", "10:30", "Ashford Rovers", "Home Park"),
                    ("12 Sept", "11:00", "St Mark's", "Victory Field"),
                    ("19 Sept", "10:30", "Hillside United", "Home Park"),
                    ("26 Sept", "09:45", "Parkway Juniors", "Lower Meadow Ground"),
                    ("3 Oct", "10:30", "Cup round 1", "Home Park"),
                ),
                strict=True,
            )
            for x, text in zip((80, 240, 400, 700), row, strict=True)
        ),
        language="en",
    ),
    date(2026, 8, 20),
    (
        Wanted("Ashford Rovers", "2026-09-05T10:30", "", "Home Park"),
        Wanted("St Mark's", "2026-09-12T11:00", "", "Victory Field"),
        Wanted("Hillside United", "2026-09-19T10:30", "", "Home Park"),
        Wanted("Parkway Juniors", "2026-09-26T09:45", "", "Lower Meadow Ground"),
        Wanted("Cup round 1", "2026-10-03T10:30", "", "Home Park"),
    ),
)
CLINIC = Sheet(
    "clinic that closes",
    paper(
        centred(100, 60, "休診のお知らせ"),
        line(100, 260, 30, "8月12日(水)~8月15日(土)は夏季休診とさせていただきます。"),
        line(100, 310, 30, "16日(日)は通常どおり休診です。"),
        line(100, 500, 28, "あおば内科クリニック"),
    ),
    date(2026, 7, 30),
    (Wanted("夏季休診", "2026-08-12", "2026-08-15", kind="CLOSED"),
     Wanted("休診", "2026-08-16", kind="CLOSED")),
)  # fmt: skip
MENU = Sheet(
    "menu",
    paper(
        centred(80, 70, "Lunch"),
        line(100, 220, 28, "Soup of the day|$6.50"),
        line(100, 270, 28, "Grilled cheese|$8.00"),
        line(100, 320, 28, "Garden salad|$7.25"),
        line(100, 420, 24, "Served 11:30 - 2:30"),
        language="en",
    ),
    date(2026, 5, 5),
)
CIRCULAR = Sheet(
    "neighbourhood circular, vertical",
    paper(
        column(860, 80, 52, "敬老の集いへのお誘い"),
        column(760, 100, 32, "下記のとおり開きますのでお越しください"),
        column(680, 100, 32, "一 日時 九月二十一日(月)"),
        column(630, 200, 32, "午前十一時より"),
        column(570, 100, 32, "一 場所 本町集会所"),
        column(510, 100, 32, "一 会費 無料"),
        column(200, 700, 32, "本町自治会長"),
    ),
    date(2026, 8, 25),
    (Wanted("敬老の集い", "2026-09-21T11:00", "", "本町集会所"),),
)
INVITATION = Sheet(
    "invitation in centred lines",
    paper(
        centred(160, 30, "You are warmly invited to"),
        centred(230, 62, "Leo's 7th Birthday Party"),
        centred(380, 34, "Saturday, June 13th at 2:00 PM"),
        centred(440, 34, "Bounce World"),
        centred(490, 26, "410 Cedar Avenue, Portland, OR 97205"),
        centred(620, 28, "RSVP to Maya by June 6: (503) 555-0119"),
        language="en",
    ),
    date(2026, 5, 20),
    (
        Wanted("Leo's 7th Birthday Party", "2026-06-13T14:00", "", "Bounce World"),
        Wanted("RSVP", "2026-06-06", kind="DEADLINE"),
    ),
)
SEASON = Sheet(
    "exhibition over days with days off",
    paper(
        centred(90, 96, "染めと織りの二人展"),
        centred(300, 48, "2026年4月7日(火)-12日(日)"),
        centred(370, 32, "11:00-18:00 最終日は16:00まで"),
        centred(520, 36, "ギャラリー風"),
        centred(570, 24, "京都市中京区寺町通二条下ル"),
        centred(640, 24, "Tel. 075-000-3333"),
    ),
    date(2026, 3, 15),
    (Wanted("染めと織りの二人展", "2026-04-07T11:00", "2026-04-12T16:00", "ギャラリー風"),),
)
MAIL = Sheet(
    "message in prose",
    paper(
        line(60, 60, 22, "2026/06/01 09:12"),
        line(60, 110, 26, "件名: 定例会議の日程変更"),
        line(60, 180, 24, "お疲れさまです。6月の定例会議ですが、6月11日(木)15時から"),
        line(60, 214, 24, "本社5階の第2会議室で行います。資料は前日までに共有します。"),
        line(60, 280, 24, "よろしくお願いします。"),
    ),
    date(2026, 6, 1),
    (Wanted("定例会議", "2026-06-11T15:00", "", "本社5階の第2会議室"),),
)
ASIDE = (
    CLEAN_UP, NURSERY, LECTURE, FIXTURES, CLINIC, MENU, CIRCULAR, INVITATION, SEASON, MAIL,
)  # fmt: skip
