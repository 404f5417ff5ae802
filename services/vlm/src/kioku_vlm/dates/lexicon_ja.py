"""Japanese words of dates, times and what happens then."""

from __future__ import annotations

from kioku_vlm.dates.lexicon import Lexicon, Meridiem, Part, Unit, cues, entries, plain
from kioku_vlm.dates.moment import Cue
from kioku_vlm.dates.tokens import Kind

ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867}
"""Name, and the year before its first."""
ERA_LENGTHS = {2018: 99, 1988: 31, 1925: 64, 1911: 15, 1867: 45}
ERA_LETTERS = {"r": 2018, "h": 1988, "s": 1925, "t": 1911, "m": 1867}
WEEKDAY_CHARACTERS = {character: number for number, character in enumerate("月火水木金土日")}

_WEEKDAYS = {f"{c}曜": n for c, n in WEEKDAY_CHARACTERS.items()}
_WEEKDAYS |= {f"{c}曜日": n for c, n in WEEKDAY_CHARACTERS.items()}
_RELATIVE_DAYS = {
    "今日": 0, "本日": 0, "きょう": 0, "その日": 0, "この日": 0, "明日": 1, "あした": 1, "あす": 1,
    "明後日": 2, "あさって": 2, "明々後日": 3, "明明後日": 3, "しあさって": 3,
    "昨日": -1, "きのう": -1, "一昨日": -2, "おととい": -2,
}  # fmt: skip
_WEEKS = {
    "今週": 0,
    "来週": 1,
    "翌週": 1,
    "次週": 1,
    "再来週": 2,
    "さ来週": 2,
    "さらいしゅう": 2,
    "先週": -1,
}
_WEEKS |= {
    "先々週": -2,
    "先先週": -2,
    "前週": -1,
    "この週": 0,
    "次の週": 1,
    "前の週": -1,
    "昨週": -1,
}
_MONTHS = {
    "今月": 0,
    "当月": 0,
    "来月": 1,
    "翌月": 1,
    "再来月": 2,
    "さ来月": 2,
    "先月": -1,
    "先々月": -2,
}
_MONTHS |= {"前月": -1, "次の月": 1}
_YEARS = {
    "今年": 0,
    "本年": 0,
    "来年": 1,
    "翌年": 1,
    "再来年": 2,
    "去年": -1,
    "昨年": -1,
    "一昨年": -2,
}
_YEARS |= {"おととし": -2, "さ来年": 2, "前年": -1, "今年度": 0}
_PARTS = {
    "上旬": Part.EARLY, "初旬": Part.EARLY, "初め": Part.EARLY, "はじめ": Part.EARLY,
    "中旬": Part.MIDDLE, "半ば": Part.MIDDLE, "なかば": Part.MIDDLE,
    "下旬": Part.LATE, "終わりごろ": Part.LATE,
    "末日": Part.LAST_DAY, "末": Part.LAST_DAY, "晦日": Part.LAST_DAY,
    "の最終日": Part.LAST_DAY,
}  # fmt: skip
_MERIDIEMS = {
    "午前": Meridiem.AM, "朝": Meridiem.MORNING, "早朝": Meridiem.MORNING, "未明": Meridiem.AM,
    "午前中": Meridiem.AM, "明け方": Meridiem.AM,
    "午後": Meridiem.PM, "昼": Meridiem.PM, "お昼": Meridiem.PM, "夕方": Meridiem.PM,
    "夕": Meridiem.PM,
    "昼食時": Meridiem.MORNING,
    "夜": Meridiem.NIGHT, "晩": Meridiem.NIGHT, "深夜": Meridiem.NIGHT, "今夜": Meridiem.NIGHT,
    "夜中": Meridiem.NIGHT, "真夜中": Meridiem.NIGHT,
}  # fmt: skip
_DAY_KINDS = {
    "平日": 0b0011111, "土日": 0b1100000, "土・日": 0b1100000, "土日祝": 0b1100000,
    "月~金": 0b0011111, "月-金": 0b0011111, "土日祝日": 0b1100000, "土・日・祝": 0b1100000,
    "土・日・祝日": 0b1100000, "土曜・日曜": 0b1100000, "土曜日・日曜日": 0b1100000,
}  # fmt: skip

_TIME = [
    *entries(Kind.WEEKDAY, _WEEKDAYS),
    *entries(Kind.ERA, ERAS),
    *plain(Kind.FISCAL, "年度"),
    *plain(Kind.YEAR, "年"),
    *plain(Kind.MONTH, "月"),
    *plain(Kind.DAY_OF_MANY, "日目"),
    *plain(Kind.DAY, "日"),
    *plain(Kind.HOUR, "時|点"),
    *plain(Kind.MINUTE, "分"),
    *plain(Kind.SECOND, "秒"),
    *plain(Kind.HALF, "半"),
    *plain(Kind.NTH, "第", 0),
    *plain(Kind.NTH, "最終|最後の", -1),
    *plain(Kind.NTH, "最初の", 1),
    *entries(Kind.RELATIVE_DAY, _RELATIVE_DAYS),
    *entries(
        Kind.FOLLOWING_DAY,
        {
            "翌日": 1,
            "同日": 0,
            "翌々日": 2,
            "翌": 1,
            "前日": -1,
            "次の日": 1,
            "前の日": -1,
            "あくる日": 1,
            "明くる日": 1,
        },
    ),
    *entries(Kind.WEEK, _WEEKS),
    *plain(Kind.WEEKEND, "週末"),
    *plain(Kind.WEEKEND, "今週末|この週末|その週末", 0),
    *plain(Kind.WEEKEND, "来週末|次の週末|翌週末", 1),
    *plain(Kind.WEEKEND, "先週末|前の週末", -1),
    *entries(Kind.RELATIVE_MONTH, _MONTHS),
    *entries(Kind.RELATIVE_YEAR, _YEARS),
    *plain(Kind.NEXT, "次の|次|今度の|今度|来る|来たる|きたる", 1),
    *plain(Kind.THIS, "この|今"),
    *plain(Kind.LAST, "この前の|前回の|直前の|直近の", -1),
    *entries(Kind.PART, _PARTS),
    *plain(Kind.LUNAR, "旧暦の|旧暦|陰暦の|陰暦"),
    *entries(Kind.DAY_KIND, _DAY_KINDS),
    *plain(Kind.HOLIDAY, "祝日|祝祭日|祭日|祝"),
]
_STRETCHES = [
    *plain(Kind.SPACE_OF_TIME, "日間|時間|分間|年間", Unit.DAYS),
    *plain(Kind.UNIT, "週間|週", Unit.WEEKS),
    *plain(Kind.UNIT, "か月間|ヶ月間|か月|ヶ月|カ月|ケ月|ヵ月|箇月|個月|ヶ月半", Unit.MONTHS),
    *plain(Kind.UNIT, "営業日", Unit.WORKDAYS),
    *plain(Kind.AFTER, "後|のち|経って|経った"),
    *plain(Kind.AGO, "前"),
    *plain(Kind.AHEAD, "先|個先"),
    *plain(Kind.NOW, "今から|これから|本日から|今日から"),
    *plain(Kind.NUMBER_WORD, "数", 3),
    *plain(Kind.EVERY, "毎週|各週", Unit.WEEKS),
    *plain(Kind.EVERY, "毎日|連日", Unit.DAYS),
    *plain(Kind.EVERY, "毎月|各月", Unit.MONTHS),
    *plain(Kind.EVERY, "毎年|各年|例年", Unit.YEARS),
    *plain(Kind.EVERY, "毎朝|毎晩|毎夜|毎夕|各晩|各午前|各午後", Unit.DAYS),
    *plain(Kind.APART, "ごと|ごとに|毎に|おき|おきに"),
    *plain(Kind.EVERY, "毎"),
    *plain(Kind.ALTERNATE, "隔週", Unit.WEEKS),
    *plain(Kind.ALTERNATE, "隔月", Unit.MONTHS),
    *plain(Kind.ALTERNATE, "隔日", Unit.DAYS),
    *plain(Kind.ALTERNATE, "隔年", Unit.YEARS),
    *plain(Kind.EXCEPT, "を除く|除く|は除く|以外|のぞく|を除き"),
    *plain(Kind.RESTS, "は開催しません|はありません|は中止"),
]
_CLOCKS = [
    *entries(Kind.MERIDIEM, _MERIDIEMS),
    *plain(Kind.NOON, "正午|12時正午", 720),
    *plain(Kind.NOON, "零時", 0),
    *plain(Kind.ABOUT, "頃|ごろ|ころ|ぐらい|くらい|前後|過ぎ|すぎ"),
]
_JOINTS = [
    *plain(Kind.FROM, "から|より"),
    *plain(Kind.TILL, "まで|迄"),
    *plain(Kind.ON, "に"),
    *plain(Kind.OF, "の"),
    *plain(Kind.AND, "と|および|及び|又は|または|、及び|並びに|ならびに"),
]
_CUES = [
    *cues(Cue.DOORS, "開場|会場時間|オープン|入場開始|開門|open"),
    *cues(Cue.START,
        "開演|開始|開会|開幕|始まり|スタート|キックオフ|試合開始|上映開始|開店|始業|開館|"
        "出発|発車|キックオフ"
    ),
    *cues(Cue.END, "終演|終了|終了予定|閉会|閉幕|解散|閉館|閉店|終業|降園|下校|到着"),
    *cues(Cue.RECEPTION, "受付|受付開始|受付時間|受け付け|チェックイン"),
    *cues(Cue.GATHERING, "集合|集合時間|登校|登園|集合時刻"),
    *cues(Cue.LAST_ENTRY, "最終入場|最終入館|入場は|入館は|ラストオーダー|最終受付|受付終了"),
    *cues(Cue.DEADLINE,
        "締切|締め切り|締切り|〆切|〆切り|〆|必着|期限|申込期限|提出期限|応募期限|期日|"
        "までに|迄に|しめきり|消印有効|申込締切|締切日|応募締切|提出"
    ),
    *cues(Cue.CLOSED,
        "休館|休館日|休診|休診日|休業|休業日|定休日|定休|休園|休園日|休校|休講|臨時休業|"
        "お休み|休日|休所日|休み|は休み|は休講|は休業|は休館|は休診"
    ),
    *cues(Cue.ISSUED, "発行|発行日|発信日|作成日|作成|記入日|通知日|付け"),
    *cues(Cue.RELEASED,
        "発売|発売日|発売開始|公開|公開日|リリース|配信|配信開始|解禁|刊行|ロードショー"
    ),
]  # fmt: skip
_SALUTATIONS = plain(
    Kind.SALUTATION, "各位|御中|保護者様|保護者の皆様|拝啓|の皆様へ|の皆さまへ|保護者のみなさま"
)
_NEVER = [
    *plain(Kind.OPAQUE,
        "四日市|八日市|十日町|十日市|廿日市|三日月|五日市|二日市|六日町|三日坊主|二日酔い|"
        "二十日大根|千日前"
    ),
    *plain(Kind.OPAQUE,
        "朝日新聞|毎日新聞|日曜大工|月極|一日中|五月雨|明日香|今日子|明日葉|朝日|毎日放送"
    ),
    *plain(Kind.OPAQUE,
        "第一人者|同時|臨時|随時|当時|一時|時間|時代|時期|時々|時計|本日限り|夜間|昼間|夕食|"
        "昼食|朝食|朝市"
    ),
    *plain(Kind.OPAQUE,
        "前売|午前様|以前|名前|休日診療|まで待|夕べ|以後|今後|その後|放課後|最後|前半|後半|"
        "後日|先生|後援"
    ),
    *plain(Kind.OPAQUE,
        "会社|曜日|平年|生年|年生|年齢|年中|学年|青年|少年|月謝|月額|月給|月見|休日出勤"
    ),
    *plain(Kind.NEVER, "バージョン|版|型番|品番|スコア|得点|教室|号室|組|部屋|倍率|縮尺|比率"),
]  # fmt: skip

JAPANESE = Lexicon(
    [*_NEVER, *_CUES, *_TIME, *_STRETCHES, *_CLOCKS, *_JOINTS, *_SALUTATIONS], letters=False
)
