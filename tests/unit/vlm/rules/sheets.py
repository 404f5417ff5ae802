"""Documents that the rules were written with: one of each layout."""

from __future__ import annotations

from datetime import date

from kioku_vlm.page import Document

from tests.unit.vlm.rules.paper import Sheet, Wanted, centred, column, line, page, paper

FESTIVAL = Sheet(
    "festival poster",
    paper(
        centred(90, 110, "ほたるの夕べ"),
        centred(230, 36, "第12回 里山に集う夏のひととき"),
        line(100, 420, 70, "6月20日(土)"),
        line(100, 510, 44, "18:00~20:30"),
        line(100, 600, 44, "清流の里公園 芝生広場"),
        line(100, 660, 26, "(長野県松本市大手3-8-13)"),
        line(100, 760, 26, "入場無料 / 駐車場80台"),
        line(100, 860, 26, "屋台出店の申し込みは5月31日(日)まで"),
        line(100, 1330, 22, "主催 里山を守る会 電話0263-00-1234"),
    ),
    date(2026, 5, 1),
    (
        Wanted("ほたるの夕べ", "2026-06-20T18:00", "2026-06-20T20:30", "清流の里公園 芝生広場"),
        Wanted("屋台出店の申し込み", "2026-05-31", kind="DEADLINE"),
    ),
)
LETTER = Sheet(
    "school letter with labels",
    paper(
        line(720, 60, 24, "令和8年10月1日"),
        line(80, 110, 24, "保護者の皆様"),
        line(680, 150, 24, "みどり市立東小学校"),
        line(720, 185, 24, "校長 山田 花子"),
        centred(260, 34, "学習発表会のご案内"),
        line(80, 340, 24, "秋冷の候、皆様におかれましてはますますご健勝のこととお慶び申し"),
        line(80, 376, 24, "上げます。さて、下記のとおり学習発表会を開催いたします。"),
        centred(440, 24, "記"),
        line(120, 500, 24, "1 日 時|令和8年10月24日(土) 9時~11時45分"),
        line(120, 545, 24, "2 場 所|本校体育館"),
        line(120, 590, 24, "3 持ち物|上履き、靴袋"),
        line(120, 635, 24, "4 その他|車での来校はご遠慮ください。"),
    ),
    date(2026, 10, 3),
    (Wanted("学習発表会", "2026-10-24T09:00", "2026-10-24T11:45", "本校体育館"),),
)
TABLE = Sheet(
    "table with headings",
    paper(
        centred(80, 40, "子育てひろば 11月のよてい"),
        line(90, 200, 24, "日にち"),
        line(300, 200, 24, "内容"),
        line(600, 200, 24, "時間"),
        line(800, 200, 24, "場所"),
        *(
            line(x, y, 24, text)
            for y, row in zip(
                (250, 300, 350, 400),
                (
                    ("11月4日(水)", "おはなし会", "10:30~11:00", "えほん室"),
                    ("11月11日(水)", "ベビーマッサージ", "10:00~11:30", "和室"),
                    ("11月18日(水)", "栄養相談", "13:30~15:00", "相談室"),
                    ("11月25日(水)", "お誕生日会", "10:30~11:30", "プレイルーム"),
                ),
                strict=True,
            )
            for x, text in zip((90, 300, 600, 800), row, strict=True)
        ),
        line(90, 500, 22, "お問い合わせ 子育て支援センター 042-000-1111"),
    ),
    date(2026, 10, 28),
    (
        Wanted("おはなし会", "2026-11-04T10:30", "2026-11-04T11:00", "えほん室"),
        Wanted("ベビーマッサージ", "2026-11-11T10:00", "2026-11-11T11:30", "和室"),
        Wanted("栄養相談", "2026-11-18T13:30", "2026-11-18T15:00", "相談室"),
        Wanted("お誕生日会", "2026-11-25T10:30", "2026-11-25T11:30", "プレイルーム"),
    ),
)
CONCERT = Sheet(
    "English concert poster",
    paper(
        centred(80, 34, "Harbour Arts presents"),
        centred(150, 100, "MIDNIGHT STRINGS"),
        centred(280, 40, "with Ana Moreno"),
        centred(450, 64, "Saturday 14 March 2026"),
        centred(540, 38, "Doors 7pm, show 8pm"),
        centred(640, 44, "The Corn Exchange"),
        centred(700, 28, "22 Wheeler Street, Cambridge"),
        centred(820, 30, "Tickets £18 / £12 concessions"),
        centred(1320, 24, "www.harbourarts.example"),
        language="en",
    ),
    date(2026, 1, 10),
    (Wanted("MIDNIGHT STRINGS", "2026-03-14T20:00", "", "The Corn Exchange"),),
)
PROSE = Sheet(
    "English letter in prose",
    paper(
        line(80, 80, 24, "2 February 2026"),
        line(80, 150, 24, "Dear parents and carers,"),
        line(80, 210, 24, "We are delighted to tell you that our annual Book Fair will be held in"),
        line(80, 244, 24, "the School Library on Thursday 5 March from 3.15pm to 4.30pm. Children"),
        line(80, 278, 24, "may bring up to £10 in a named envelope."),
        line(80, 340, 24, "Please return the volunteer form by Friday 20 February."),
        line(80, 420, 24, "Kind regards,"),
        line(80, 454, 24, "Mrs J. Okafor, Head teacher"),
        language="en",
    ),
    date(2026, 2, 3),
    (
        Wanted("Book Fair", "2026-03-05T15:15", "2026-03-05T16:30", "School Library"),
        Wanted("volunteer form", "2026-02-20", kind="DEADLINE"),
    ),
)
VERTICAL = Sheet(
    "vertical notice",
    paper(
        column(840, 90, 64, "秋の清掃活動"),
        column(720, 120, 36, "とき 十月十八日(日)"),
        column(650, 120, 36, "午前八時から九時半"),
        column(560, 120, 36, "ところ 西町児童公園"),
        column(470, 120, 36, "軍手をお持ちください"),
        column(120, 800, 36, "西町町内会"),
    ),
    date(2026, 9, 20),
    (Wanted("秋の清掃活動", "2026-10-18T08:00", "2026-10-18T09:30", "西町児童公園"),),
)
CARDS = Sheet(
    "two cards side by side, two more below",
    paper(
        centred(60, 60, "図書館まつり 催しもの"),
        *(
            one
            for x, y, name, day, clock, room in (
                (80, 220, "古本市", "9月5日(土)", "10:00~16:00", "1階 ロビー"),
                (540, 220, "製本体験", "9月6日(日)", "13:00~15:00", "2階 会議室"),
                (80, 560, "紙しばい", "9月12日(土)", "11:00~11:40", "児童コーナー"),
                (540, 560, "講演会「本と旅」", "9月13日(日)", "14:00~15:30", "3階 ホール"),
            )
            for one in (
                line(x, y, 40, name),
                line(x, y + 60, 26, day),
                line(x, y + 100, 26, clock),
                line(x, y + 140, 26, room),
            )
        ),
    ),
    date(2026, 8, 20),
    (
        Wanted("古本市", "2026-09-05T10:00", "2026-09-05T16:00", "1階 ロビー"),
        Wanted("製本体験", "2026-09-06T13:00", "2026-09-06T15:00", "2階 会議室"),
        Wanted("紙しばい", "2026-09-12T11:00", "2026-09-12T11:40", "児童コーナー"),
        Wanted("講演会「本と旅」", "2026-09-13T14:00", "2026-09-13T15:30", "3階 ホール"),
    ),
)
RECEIPT = Sheet(
    "receipt",
    paper(
        centred(60, 40, "スーパーひかり"),
        centred(110, 24, "電話 03-1234-0000"),
        line(300, 160, 24, "2026年4月12日(日) 17:42"),
        line(300, 220, 24, "たまご|¥238"),
        line(300, 260, 24, "食パン|¥158"),
        line(300, 320, 30, "合計|¥396"),
        line(300, 370, 24, "お預り|¥400"),
        line(300, 410, 24, "お釣り|¥4"),
    ),
    date(2026, 4, 13),
)
TWO_PAGES = Sheet(
    "two pages, the place on the second",
    Document(
        (
            page(
                centred(100, 60, "Village Walk 2026"),
                line(100, 300, 28, "When: Sunday 17 May, 9:30 am"),
                line(100, 350, 28, "Bring: water and good shoes"),
            ),
            page(line(100, 100, 28, "Where: Mill Green car park"), number=2),
        ),
        "en",
    ),
    date(2026, 4, 2),
    (Wanted("Village Walk 2026", "2026-05-17T09:30", "", "Mill Green car park"),),
)
CLASS = Sheet(
    "class that recurs",
    paper(
        centred(80, 60, "はじめての太極拳"),
        line(100, 220, 28, "開催日 毎週火曜日 19時~20時30分"),
        line(100, 270, 28, "会場 北部公民館 大ホール"),
        line(100, 320, 28, "参加費 1回500円"),
        line(100, 370, 28, "対象 18歳以上 定員20名"),
    ),
    date(2026, 5, 1),
    (
        Wanted(
            "はじめての太極拳",
            "2026-05-05T19:00",
            "2026-05-05T20:30",
            "北部公民館 大ホール",
            rrule="FREQ=WEEKLY;BYDAY=TU",
        ),
    ),
)
SHEETS = (
    FESTIVAL, LETTER, TABLE, CONCERT, PROSE, VERTICAL, CARDS, RECEIPT, TWO_PAGES, CLASS,
)  # fmt: skip
