"""Words of names: what things that happen are called, and what surrounds their names."""

from __future__ import annotations

import re

from kioku_vlm.rules.words import lexicon

_ENGLISH = "|".join(map(re.escape, lexicon("names")["english"]))
_ENDS = "|".join(sorted(map(re.escape, lexicon("names")["japanese"]), key=len, reverse=True))
HAPPENING = re.compile(
    rf"(?:{_ENDS})(?:[\(\[「\s].*)?$|\b(?:{_ENGLISH})s?\b|\S{{2,}}\s(?:対|vs\.?)\s\S{{2,}}",
    re.IGNORECASE,
)
# What a heading adds to the name itself.
TAIL = re.compile(
    r"\s*(?:(?:の|に関する|に係る|への|参加者?)?\s*(?:開催|実施)?(?:の)?\s*(?:お知らせ|"
    r"おしらせ|ご案内|案内|お誘い|ご招待|招待状|"
    r"お願い|通知|連絡|日程|(?:日程|時間|会場|場所|日時|開催日)?(?:の)?変更)(?:とお願い)?|"
    r"(?:の開催|の実施)?について(?:\s*\(.*\))?|"
    r"\s*(?:参加者|受講生|会員|出店者|ボランティア)?(?:大)?"
    r"募集(?:中|のお知らせ|要項)?|\s?開催(?:決定)?|\s?のご?予定|\s?にご?参加(?:ください|を)|"
    r"\s?を(?:開催|実施)(?:します|"
    r"いたします)?)\s*[!！]*$"
)
HEAD = re.compile(
    r"^(?:次回?|今度|今年度?|本年度?|\d{1,2}月|来週|今週|来月|今月)の|^(?:件名|subject|re|fw|"
    r"fwd|題名)\s*:\s*|^(?:an?|"
    r"the|our|your|this year's)\s+(?-i:(?=[a-z]))|"
    r"^(?:join us (?:for|at)|"
    r"you(?:'re| are) (?:warmly |cordially )?invited to|come to|save the date:?|announcing|"
    r"introducing|"
    r"presents?:?|notice:|re:)\s+(?:an?\s|the\s|our\s)?|^[・●◆■□○◎☆★※*▪▶►>✓◇▼▲-]\s*|"
    r"^\(?\d{1,2}[.)]\s+",
    re.IGNORECASE,
)  # fmt: skip
# Pages full of days have headings of this sort; no single thing is called so.
COLLECTIVE = re.compile(
    r"(?:行事|予定|よてい|スケジュール|カレンダー|日程|催し|催しもの|だより|便り|通信|ニュース|"
    r"お知らせ|イベント)(?:表|一覧|予定|案内|情報)?$|"
    # What a paper is, not what happens: a ticket, a card, a list.
    r"(?:診\s?察\s?券|乗車券|入場券|会員証|連絡票|カード|料金表|価格表|一覧|概要|議事録|控え?)$|"
    r"\b(?:schedule|calendar|fixtures?|diary|newsletter|news|programme|program|timetable|"
    r"what's on|events|dates|"
    r"agenda|upcoming|notice|announcements?|bulletin)\b", re.IGNORECASE
)  # fmt: skip
_QUOTED_WHOLE = re.compile(r"[「『“]([^「」『』“”]{2,})[」』”]")
_VERBS = (
    r"開催|実施|挙行|開設|開講|上演|上映|放送|予定|企画|計画|行な?|行い|催|開[きくか]|やり|"
    r"やる|あり|始ま|おこな|いたし"
)
SENTENCE_JAPANESE = (
    re.compile(
        r"(?:^じゃあ?、?|^では、?|^ね[えぇ]?、?|[、。!]|^)(?P<name>[^\s、。,]{2,20}?)\s*"
        r"(?:しよう|しません|しない[?]|やろう|やりません|行こう|に行きません|いかがです)"
    ),
    re.compile(rf"(?P<name>[^\s、。,]*?)\s*(?:を|が|の)(?:{_VERBS})"),
    re.compile(r"(?P<name>[^\s、。,]{2,24}?)\s*(?:は|ですが|につきまして|について|の件)"),
    re.compile(r"(?P<name>[^\s、。,]{2,24}?)\s*(?:です|となります|になります|があり)"),
)
_BE = (
    r"(?:will be held|will take place|takes place|is (?:being )?held|will be|will start|starts|"
    r"begins|"
)
SENTENCE_ENGLISH = (
    re.compile(
        rf"(?:^|[.,;:!]\s|\bthat\s)?\b(?:our|the|a|an|this year's|your)\s(?:[a-z]+ly\s|"
        rf"annual\s|\d+(?:st|nd|rd|th)\s)*"
        rf"(?P<name>[A-Za-z][\w'& -]{{2,60}}?)\s{_BE}is (?:on|at|scheduled|set|coming)|returns|"
        rf"happens|opens|on\b)"
    ),
    re.compile(
        r"(?i:invited? (?:you )?to|invites you to|join us (?:for|at)|come (?:along )?to|attend|"
        r"presents|announce|hosting|holding|reminder (?:of|about)|celebrate)\s(?:the|our|"
        r"an?)?\s?(?:annual\s)?"
        r"(?P<name>[A-Za-z0-9][\w'& -]{2,60}?)(?=\s(?:on|at|in|from|this|to be|for|by)\b|[.,!:;]|$)"
    ),
    re.compile(rf"^(?P<name>[A-Z][\w'& -]{{2,60}}?)\s{_BE}is (?:on|at)|on\b)"),
)


def core(text: str) -> tuple[int, int]:
    """Where the name itself begins and ends within a heading."""
    head = HEAD.match(text)
    start = head.end() if head else 0
    end = len(text)
    while (tail := TAIL.search(text[:end], start)) and tail.start() - start >= 2:
        end = tail.start()
    quoted = _QUOTED_WHOLE.fullmatch(text[start:end].strip())
    if quoted:
        start, end = text.index(quoted[1], start), text.index(quoted[1], start) + len(quoted[1])
    return start, end
