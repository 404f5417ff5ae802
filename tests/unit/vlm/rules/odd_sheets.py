"""Documents of rarer forms that the rules were written with: grids, talk, tickets."""

from __future__ import annotations

from datetime import date

from tests.unit.vlm.rules.paper import Sheet, Wanted, centred, line, paper

_GRID = {2: "始業式", 9: "身体測定", 15: "避難訓練", 22: "授業参観", 29: "祝日"}
GRID = Sheet(
    "month's grid",
    paper(
        centred(60, 48, "2026年4月 行事カレンダー"),
        *(line(80 + 125 * at, 160, 24, name) for at, name in enumerate("日月火水木金土")),
        *(
            line(80 + 125 * ((day + 2) % 7), 220 + 130 * ((day + 2) // 7), 24, str(day))
            for day in range(1, 31)
        ),
        *(
            line(80 + 125 * ((day + 2) % 7), 255 + 130 * ((day + 2) // 7), 20, name)
            for day, name in _GRID.items()
        ),
    ),
    date(2026, 3, 28),
    tuple(Wanted(name, f"2026-04-{day:02}") for day, name in _GRID.items()),
)
AGENDA = Sheet(
    "conference with days as headings",
    paper(
        centred(60, 50, "Northern Data Days"),
        centred(130, 28, "Lakeside Conference Centre"),
        line(80, 240, 34, "Thursday 10 September 2026"),
        line(80, 300, 24, "09:30|Opening keynote|Main Hall"),
        line(80, 340, 24, "11:00|Workshop: clean tables|Room 2"),
        line(80, 420, 34, "Friday 11 September 2026"),
        line(80, 480, 24, "10:00|Panel discussion|Main Hall"),
        line(80, 520, 24, "13:30|Lightning talks|Room 4"),
        language="en",
    ),
    date(2026, 8, 1),
    (
        Wanted("Opening keynote", "2026-09-10T09:30", "", "Main Hall"),
        Wanted("Workshop: clean tables", "2026-09-10T11:00", "", "Room 2"),
        Wanted("Panel discussion", "2026-09-11T10:00", "", "Main Hall"),
        Wanted("Lightning talks", "2026-09-11T13:30", "", "Room 4"),
    ),
)
TALK = Sheet(
    "talk on a telephone",
    paper(
        centred(40, 22, "10月2日(金)"),
        line(60, 120, 28, "次の練習は10月10日(土)でどう?"),
        line(560, 200, 28, "いいよ!何時?"),
        line(60, 280, 28, "9時に第二体育館集合で"),
        line(620, 360, 28, "りょうかい"),
    ),
    date(2026, 10, 2),
    (Wanted("練習", "2026-10-10T09:00", "", "第二体育館"),),
)
BILINGUAL = Sheet(
    "two languages",
    paper(
        centred(80, 70, "国際交流フェスタ"),
        centred(170, 44, "International Friendship Festa"),
        line(100, 320, 30, "日時:2026年10月11日(日) 11:00~16:00"),
        line(100, 365, 26, "Date: Sunday, October 11, 2026 11:00 - 16:00"),
        line(100, 440, 30, "会場:市役所前広場"),
        line(100, 485, 26, "Venue: City Hall Plaza"),
    ),
    date(2026, 9, 1),
    (Wanted("国際交流フェスタ", "2026-10-11T11:00", "2026-10-11T16:00", "市役所前広場"),),
)
MESSAGE = Sheet(
    "English mail",
    paper(
        line(60, 40, 22, "From: Priya Shah"),
        line(60, 75, 22, "Sent: Mon, 1 June 2026 08:15"),
        line(60, 110, 22, "Subject: Team lunch on Thursday 11 June"),
        line(60, 190, 22, "Hi all,"),
        line(60, 240, 22, "We will meet at 12:30pm at Nonna's Kitchen. Let me know by"),
        line(60, 270, 22, "Monday 8 June if you have any dietary needs."),
        line(60, 330, 22, "Priya"),
        language="en",
    ),
    date(2026, 6, 1),
    (
        Wanted("Team lunch", "2026-06-11T12:30", "", "Nonna's Kitchen"),
        Wanted("Let me know", "2026-06-08", kind="DEADLINE"),
    ),
)  # fmt: skip
SHOW = Sheet(
    "exhibition with days off",
    paper(
        line(80, 80, 100, "光と影の記憶"),
        line(80, 210, 36, "北沢俊 写真展"),
        line(80, 380, 44, "2026.5.12(火)-5.24(日)"),
        line(80, 450, 30, "開館時間 10:00~17:30(入館は17:00まで)"),
        line(80, 500, 30, "休館日 5月18日(月)"),
        line(80, 570, 34, "青葉市立美術館 2階展示室"),
        line(80, 640, 26, "観覧料 一般800円 学生500円"),
    ),
    date(2026, 4, 20),
    (
        Wanted("光と影の記憶", "2026-05-12T10:00", "2026-05-24T17:30", "青葉市立美術館 2階展示室"),
        Wanted("休館日", "2026-05-18", kind="CLOSED"),
    ),
)
TICKET = Sheet(
    "ticket of a concert",
    paper(
        line(80, 60, 24, "ADMIT ONE"),
        line(80, 110, 48, "The Velvet Comets"),
        line(80, 180, 26, "World Tour 2026"),
        line(80, 250, 28, "FRI 20 NOV 2026|DOORS 19:00"),
        line(80, 300, 28, "Alexandra Ballroom"),
        line(80, 360, 24, "ROW F|SEAT 22|£34.50"),
        line(80, 420, 18, "Order no. 0099-1182-7731"),
        language="en",
    ),
    date(2026, 9, 1),
    (Wanted("The Velvet Comets", "2026-11-20T19:00", "", "Alexandra Ballroom"),),
)
FORM = Sheet(
    "labels in a frame, values of two lines",
    paper(
        centred(70, 44, "市民健康ウォーク2026 参加者募集"),
        line(90, 200, 26, "と き"),
        line(300, 200, 26, "令和8年11月15日(日)"),
        line(300, 238, 26, "受付 8:30 / 出発 9:00 / 解散 12:00"),
        line(90, 300, 26, "コース"),
        line(300, 300, 26, "湖畔一周(約6km)"),
        line(90, 350, 26, "集合場所"),
        line(300, 350, 26, "湖畔公園 東駐車場"),
        line(90, 400, 26, "申込み"),
        line(300, 400, 26, "10月30日(金)までに生涯学習課へ"),
        line(90, 450, 26, "主 催"),
        line(300, 450, 26, "みずうみ市教育委員会"),
    ),
    date(2026, 10, 5),
    (
        Wanted("市民健康ウォーク2026", "2026-11-15T09:00", "2026-11-15T12:00", "湖畔公園 東駐車場"),
        Wanted("申込み", "2026-10-30", kind="DEADLINE"),
    ),
)
RECIPE = Sheet(
    "recipe",
    paper(
        centred(60, 48, "かぼちゃのスープ"),
        line(80, 200, 24, "材料(4人分)"),
        line(80, 240, 24, "かぼちゃ|1/4個"),
        line(80, 280, 24, "牛乳|300ml"),
        line(80, 360, 24, "1 かぼちゃを10分ゆでる。"),
        line(80, 400, 24, "2 ミキサーにかけ、弱火で5分あたためる。"),
    ),
    date(2026, 10, 5),
)
WEEK = Sheet(
    "week as a table",
    paper(
        centred(60, 40, "スポーツ教室 後期時間割"),
        line(80, 130, 26, "期間:2026年10月5日~2027年3月19日"),
        *(line(260 + 180 * at, 220, 24, name) for at, name in enumerate("月水金土")),
        line(80, 280, 24, "9:30"),
        line(80, 310, 18, "~10:45"),
        line(260, 280, 24, "卓球"),
        line(620, 280, 24, "ピラティス"),
        line(80, 400, 24, "19:00"),
        line(80, 430, 18, "~20:30"),
        line(440, 400, 24, "バドミントン"),
    ),
    date(2026, 9, 10),
    tuple(
        Wanted(name, f"2026-10-{day}T{start}", f"2026-10-{day}T{end}", rrule=rule)
        for name, day, start, end, rule in (
            ("卓球", "05", "09:30", "10:45", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270319"),
            ("ピラティス", "09", "09:30", "10:45", "FREQ=WEEKLY;BYDAY=FR;UNTIL=20270319"),
            ("バドミントン", "07", "19:00", "20:30", "FREQ=WEEKLY;BYDAY=WE;UNTIL=20270319"),
        )
    ),
)
CHOIR = Sheet(
    "recurrence with its season",
    paper(
        centred(80, 60, "Lunchtime Choir"),
        centred(240, 40, "Every Tuesday"),
        centred(300, 34, "12:15 - 1:00 pm"),
        centred(360, 24, "starting 8 September 2026, until 8 December"),
        centred(400, 24, "(no rehearsal on 27 October)"),
        centred(470, 34, "St Mary's Church Hall"),
        language="en",
    ),
    date(2026, 8, 20),
    (
        Wanted("Lunchtime Choir", "2026-09-08T12:15", "2026-09-08T13:00", "St Mary's Church Hall",
               rrule="FREQ=WEEKLY;BYDAY=TU;UNTIL=20261208"),
    ),
)  # fmt: skip
ODD = (WEEK, CHOIR, GRID, AGENDA, TALK, BILINGUAL, MESSAGE, SHOW, TICKET, FORM, RECIPE)
