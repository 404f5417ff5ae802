"""What a piece of text is by its form: a price, a telephone number, an address, running words."""

from __future__ import annotations

import re
from enum import StrEnum, auto
from functools import lru_cache


class Trait(StrEnum):
    """Forms of text that are seldom a name of something that happens."""

    PRICE = auto()
    PHONE = auto()
    LINK = auto()
    ADDRESS = auto()
    GREETING = auto()
    ASKING = auto()
    """Asks the reader to do something."""
    SENTENCE = auto()
    ORGANISATION = auto()
    PERSON = auto()
    EDITION = auto()
    """第3回, 42nd annual: says which one, not what."""
    NUMBER = auto()
    CALL = auto()
    """Calls the reader rather than names something: 来て!見て!"""
    CONDITION = auto()
    """Free admission, rain or shine, places limited."""


_STREET = (
    "street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|way|square|sq|court|ct|terrace|"
    "crescent|close|highway|hwy|parade|row|mews|quay|pkwy|parkway"
)
_PREFECTURE = (
    "東京都|北海道|(?:京都|大阪)府|(?:青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|"
    "神奈川|新潟|富山|石川|福井|山梨|"
    "長野|岐阜|静岡|愛知|三重|滋賀|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|"
    "高知|福岡|佐賀|長崎|熊本|大分|"
    "宮崎|鹿児島|沖縄)県"
)
ADDRESS = re.compile(
    rf"〒\s?\d{{3}}-?\d{{4}}|(?:{_PREFECTURE})\s?[^\s、。]{{1,6}}?[市区郡町村]"
    r"|[^\s、。()]{1,6}[市区郡][^\s、。()]{1,8}?(?:[町村]|\d)[^\s、。()]{0,8}?\d*-?\d"
    r"|[^\s、。()]{1,6}市[^\s、。()]{1,6}区[^\s、。()]{2,}"
    r"|\d+丁目|\d+番地|[^\s、。():]{1,8}町\s?\d+(?:-\d+)+"
    rf"|\b\d{{1,5}}[a-z]?,? (?:[NSEW]\.? )?(?:[A-Z][\w'.-]* ){{1,4}}?(?i:{_STREET})\b\.?"
    r"|\b[A-Z]{1,2}\d[\dA-Z]? \d[A-Z]{2}\b|,\s?[A-Z]{2} \d{5}\b"
)
_FORMS: tuple[tuple[Trait, re.Pattern[str]], ...] = (
    (Trait.PRICE, re.compile(
        r"[¥£$€]\s?\d|\d[\d,]*\s?(?:円|ドル)|\b\d+ (?:dollars|pounds)\b|^無料$|^free$", re.I)),
    (Trait.PHONE, re.compile(
        r"(?:tel|fax|電話|☎|内線)[.:\s]*[\d(+]|(?<![\d.])\(?0\d{1,4}\)?[- ]\d{1,4}[- ]\d{3,4}"
        r"|\(\d{3}\)\s?\d{3}-\d{4}|\b\d{3}-\d{4}\b(?!-)|\+\d[\d\s-]{7,}", re.I)),
    (Trait.LINK, re.compile(
        r"https?:|www\.|[\w.+-]+@[\w-]+\.\w|\b[\w-]+\.(?:com|org|net|jp|example|co|io|edu|gov|"
        r"uk|info)\b"
        r"|(?:^|\s)[@#]\w+$|QRコード", re.I)),
    (Trait.ADDRESS, ADDRESS),
    (Trait.GREETING, re.compile(
        r"^dear\b|regards|sincerely|^yours|^hello\b|^hi\b|welcome to|thank you|お慶び|の候|"
        r"ますます|益々|拝啓|敬具|"
        r"お世話になって|各位|皆様|保護者様|^記$|^以上$|(?:の皆さん|様)(?:へ)?$|ありがとう|"
        r"よろしく|草々|平素|お疲れ", re.I)),
    (Trait.ASKING, re.compile(
        r"ください|下さい|ましょう|お願い(?:し|いた)|お断り|ご遠慮|お越し|ご参加|お待ちして|"
        r"お申し?込み|お気軽|ご覧|"
        r"\bplease\b|\b(?:call|visit|scan|email|contact|follow|click|remember to|don't|do not|"
        r"sign up|"
        r"bring (?:a|your)|come (?:and|along)|see you|join us)\b", re.I)),
    (Trait.CALL, re.compile(
        r"(?:て|よう|ろう|もう|ませんか|ぜ|ぞ|だよ|いで)[!?~]+$|大集合|大歓迎|^(?:参加|入場)無料|要申込")),
    (Trait.CONDITION, re.compile(
        r"無料$|雨天|荒天|先着|定員|小雨|申込不要|予約不要|自由席|全席|(?:free|open) "
        r"(?:admission|entry|to all|event)|"
        r"admission|rain or shine|first come|all (?:are )?welcome|limited|all ages|members "
        r"only|refreshments", re.I)),
    (Trait.ORGANISATION, re.compile(
        r"(?:学校|学園|大学|高校|幼稚園|保育園|こども園|委員会|協会|協議会|商工会|自治会|"
        r"町内会|町会|役場|市役所|区役所|会社|"
        r"株式会社|財団|法人|事務局|実行委員会|ptA|クリニック|医院|病院|組合|連盟|"
        r"振興会)(?:\s*(?:御中|様))?$"
        r"|^(?:主催|共催|後援|協賛|協力)|\b(?:presents?|proudly|inc|ltd|llc|society|"
        r"association|council|committee|"
        r"department|district|school|college|university|academy|church|club)$", re.I)),
    (Trait.PERSON, re.compile(
        r"(?:校長|園長|会長|館長|院長|先生|氏|担任|代表|教授|課長|部長)(?:\s|:|$)|^(?:校長|"
        r"園長|会長|館長|講師|司会|出演)|"
        r"^(?:mr|mrs|ms|dr|miss|prof)\b|\b(?:principal|head ?teacher|chair(?:man|person)?|"
        r"director|secretary)$|"
        r"^(?:with|feat|featuring|starring|by|from)\b", re.I)),
    (Trait.EDITION, re.compile(
        r"^第\s?[\d一二三四五六七八九十百]+\s?(?:[回号期弾部節日話]|試合|戦)(?:\s|$)|"
        r"^(?:no|vol|issue)\.? ?\d+$|"
        r"^\d+(?:st|nd|rd|th) annual$", re.I)),
    (Trait.NUMBER, re.compile(r"^[\W\d_]+$")),
)  # fmt: skip
_SENTENCE = re.compile(
    r"(?:です|ます|ました|ません|でしょう|である|した|する|よう|たい|さい)[。!！]?$|。|"
    r"\b(?:is|are|was|will|have|has|we|you|our|your|they|can|must|should|may be)\b.*\s", re.I
)  # fmt: skip


@lru_cache(maxsize=4096)
def traits_of(text: str) -> frozenset[Trait]:
    """All forms that a folded text has."""
    found = {trait for trait, form in _FORMS if form.search(text)}
    if _SENTENCE.search(text) or len(text) > 60:
        found.add(Trait.SENTENCE)
    return frozenset(found)
