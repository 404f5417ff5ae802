"""Words that end or make up the names of places."""

from __future__ import annotations

import re

JAPANESE = ["体育館", "公民館", "図書館", "美術館", "博物館", "会館", "武道館", "水族館", "児童館", "映画館", "記念館", "資料館", "交流館", "旅館", "館", "市民センター", "センター", "センタ", "ホール", "プラザ", "ドーム", "アリーナ", "スタジアム", "スタジオ", "ギャラリー", "シアター", "劇場", "ラウンジ", "ロビー", "公園", "広場", "グラウンド", "グランド", "運動場", "競技場", "球場", "コート", "プール", "校庭", "園庭", "中庭", "庭園", "農園", "牧場", "キャンプ場", "駐車場", "会場", "幼稚園", "保育園", "こども園", "動物園", "植物園", "遊園地", "小学校", "中学校", "高校", "高等学校", "学校", "大学", "学園", "キャンパス", "校舎", "教室", "本校", "会議室", "集会所", "集会室", "研修室", "相談室", "図書室", "音楽室", "調理室", "和室", "多目的室", "室", "ルーム", "ホテル", "食堂", "カフェ", "レストラン", "店", "神社", "寺", "寺院", "教会", "境内", "駅", "駅前", "改札", "東口", "西口", "南口", "北口", "港", "埠頭", "空港", "海岸", "浜", "河川敷", "川原", "湖畔", "山頂", "橋", "通り", "商店街", "役場", "市役所", "区役所", "役所", "庁舎", "支所", "病院", "医院", "クリニック", "保健所", "保健センター", "工房", "アトリエ", "コーナー", "玄関", "屋上", "階", "ビル", "タワー", "モール", "百貨店", "デパート", "書店", "市場", "道場", "温泉", "会所", "事務所", "本社", "支社", "別館", "本館", "新館", "ヒルズ", "ひろば", "ステージ"]
ENGLISH = (
    "hall|park|library|centre|center|room|stage|church|school|theatre|theater|museum|gallery|"
    "gymnasium|gym|stadium|arena|field|fields|ground|grounds|court|courts|pool|square|plaza|"
    "market square|garden|gardens|farm|barn|beach|pier|harbour|harbor|marina|station|terminal|"
    "airport|hotel|inn|pub|tavern|bar|cafe|café|coffee|restaurant|bakery|kitchen|club|clubhouse|"
    "lounge|studio|studios|workshop|campus|building|house|auditorium|cafeteria|canteen|"
    "classroom|office|lab|laboratory|chapel|cathedral|temple|mosque|synagogue|abbey|castle|"
    "tower|pavilion|shelter|lodge|camp|campsite|trail|bridge|green|common|meadow|woods|forest|"
    "lake|river|riverside|playground|car park|parking lot|lot|exchange|playhouse|cinema|mall|"
    "store|shop|bookshop|bookstore|clinic|hospital|community centre|community center|quad|yard|"
    "courtyard|lobby|foyer|atrium|entrance|rink|track|complex|conservatory|observatory|dome|"
    "mill|works|warehouse|depot|brewery|winery|vineyard|orchard|nursery|zoo|aquarium"
)
_SUFFIX = "|".join(sorted(map(re.escape, JAPANESE), key=len, reverse=True))
ENDS_AS_PLACE = re.compile(
    rf"(?:{_SUFFIX})(?:\s?\d+)?(?:\s?[\(].*[\)])?(?:\s?(?:前|内|横|裏|隣|入口|正面|付近|集合))?$"
    rf"|\b(?:{ENGLISH})(?: [A-Z0-9]{{1,3}})?(?:\s?\(.*\))?$", re.IGNORECASE
)  # fmt: skip
HAS_PLACE = re.compile(
    rf"(?:{_SUFFIX})(?=[\sのでにへ、,(]|$|前|内)|\d+\s?階|\b(?:{ENGLISH})\b", re.IGNORECASE
)
ONLINE = re.compile(
    r"\b(?:zoom|teams|google meet|webex|youtube|online|virtual|livestream|webinar)\b|オンライン|ライブ配信|リモート",
    re.IGNORECASE,
)
# Where the words are running: what stands before で, にて, に集合, or after at, in.
PROSE_JAPANESE = re.compile(
    rf"(?P<place>[^\s、。,:;()「」『』~]*?(?:{_SUFFIX})(?:\s?\d?[A-Z]?(?:\d+階)?[^\s、。,はがをにへで]{{0,6}}?"
    rf"(?:{_SUFFIX}))?(?:前|内|横)?)"
    r"(?:にて|において|で(?!す|は|あ|き)|に(?:集合|て|お集まり)|へ(?:集合|お越し|行)|集合|を会場に)"
)
PROSE_ENGLISH = re.compile(
    r"(?:\b(?:at|in|inside|outside|from)\s|@\s?)(?:the\s|our\s)?"
    r"(?P<place>[A-Z][\w'&.-]*(?:\s(?:of|the|and|&|de|[A-Z0-9][\w'&.-]*))*)"
)


def ends_as_place(text: str) -> bool:
    """Whether the text ends as names of places do."""
    return bool(ENDS_AS_PLACE.search(text))


def has_place(text: str) -> bool:
    """Whether some word of it names a sort of place."""
    return bool(HAS_PLACE.search(text))
