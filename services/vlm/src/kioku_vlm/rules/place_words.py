"""Words that end or make up the names of places."""

from __future__ import annotations

import re

from kioku_vlm.rules.words import lexicon

_ENGLISH = "|".join(map(re.escape, lexicon("places")["english"]))
_JOINING = "room|hall|house|field|ground|yard|park|side|field|works"
# 入館, 開店 and the like are something that one does there.
_DONE = {
    "館": r"(?<![入開休閉来])館",
    "店": r"(?<![来開閉出])店",
    "室": r"(?<!入)室",
    "階": r"\d\s?階",
    "座": r"(?<![講口星正])座",
    "閣": r"(?<!内)閣",
    "スクリーン": r"スクリーン\s?\d+",
}
_LONGEST_FIRST = sorted(map(re.escape, lexicon("places")["japanese"]), key=len, reverse=True)
_SUFFIX = "|".join(_DONE.get(word, word) for word in _LONGEST_FIRST)
ENDS_AS_PLACE = re.compile(
    rf"(?:{_SUFFIX})(?:\s?\d+)?(?:\s?[\(].*[\)])?(?:\s?(?:前|内|横|裏|隣|入口|正面|付近|集合))?$"
    rf"|\b(?:\w*(?:{_JOINING})|{_ENGLISH})(?: [A-Z0-9]{{1,3}})?(?:\s?\(.*\))?$", re.IGNORECASE
)  # fmt: skip
HAS_PLACE = re.compile(
    rf"(?:{_SUFFIX})(?=[\sのでにへ、,(]|$|前|内)|\d+\s?階|\b(?:\w*(?:{_JOINING})|{_ENGLISH})\b",
    re.IGNORECASE,
)
BEGINS_AS_PLACE = re.compile(
    r"(?:^|\s)(?:ギャラリー|カフェ|ホテル|スタジオ|アトリエ|レストラン|ライブハウス|画廊|喫茶|居酒屋|"
    r"シアター|ホール|サロン)\s?\S{1,12}$"
)
ONLINE = re.compile(
    r"\b(?:zoom|teams|google meet|webex|youtube|online|virtual|livestream|webinar)\b|"
    r"オンライン|ライブ配信|リモート",
    re.IGNORECASE,
)
# Where the words are running: what stands before で, にて, に集合, or after at, in.
PROSE_JAPANESE = re.compile(
    rf"(?P<place>[^\s、。,:;()「」『』~]*?(?:{_SUFFIX})(?:\s?\d?[A-Z]?(?:\d+階)?[^\s、。,はがをにへで]{{0,6}}?"
    rf"(?:{_SUFFIX}))?(?:前|内|横)?)"
    r"(?:にて|において|で(?!す|は|あ|き)|です(?=[。、]|$)|に(?:集合|て|お集まり)|へ(?:集合|お越し|行|出かけ|向か)|"
    r"集合|を会場に)"
)
GATHERING = re.compile(
    r"(?:に|、|^|\s)(?P<place>[^\s、。()]{2,16}?)(?:前)?(?:に|で)?(?:集合|待ち合わせ|集まろう|"
    r"集まりましょう)"
)
PROSE_ENGLISH = re.compile(
    r"(?:\b(?:at|in|inside|outside|to)\s|@\s?)(?:the\s|our\s)?"
    r"(?P<place>[A-Z][\w'&.-]*(?:\s(?:of|the|and|&|de|[A-Z0-9][\w'&.-]*))*)"
)


def ends_as_place(text: str) -> bool:
    """Whether the text ends as names of places do."""
    return bool(ENDS_AS_PLACE.search(text) or BEGINS_AS_PLACE.search(text))


def has_place(text: str) -> bool:
    """Whether some word of it names a sort of place."""
    return bool(HAS_PLACE.search(text) or BEGINS_AS_PLACE.search(text))
