"""Words of names: what things that happen are called, and what surrounds their names."""

from __future__ import annotations

import re

JAPANESE = ["会", "祭", "まつり", "祭り", "フェス", "フェスタ", "フェスティバル", "フェア", "市", "マルシェ", "バザー", "マーケット", "展", "展覧会", "個展", "教室", "講座", "講演", "講演会", "セミナー", "研修", "ワークショップ", "体験", "コンサート", "ライブ", "リサイタル", "演奏会", "公演", "発表会", "上映", "上映会", "大会", "試合", "リーグ", "選手権", "マラソン", "運動会", "体育祭", "文化祭", "学園祭", "遠足", "旅行", "修学旅行", "合宿", "キャンプ", "ツアー", "見学", "見学会", "参観", "面談", "懇談", "説明会", "総会", "会議", "例会", "定例会", "集会", "式", "入学式", "卒業式", "始業式", "終業式", "修了式", "訓練", "健診", "検診", "検査", "測定", "接種", "献血", "清掃", "清掃活動", "点検", "工事", "停電", "断水", "試験", "テスト", "検定", "受験", "募集", "販売", "セール", "抽選", "相談", "相談会", "パーティー", "飲み会", "食事会", "ランチ", "忘年会", "新年会", "送別会", "歓迎会", "誕生会", "餅つき", "花火", "盆踊り", "豆まき", "開き", "活動", "練習", "レッスン", "授業", "読み聞かせ", "おはなし会", "ヨガ", "ウォーク", "ハイキング", "散歩", "観察会", "集い", "つどい", "夕べ", "の日", "デー", "ナイト", "ショー", "イベント", "企画", "プログラム", "礼拝", "法要", "学級", "保育", "下校", "登校"]
ENGLISH = (
    "festival|fair|concert|market|sale|party|class|workshop|seminar|lecture|talk|meeting|night|"
    "evening|show|exhibition|race|run|walk|ride|tour|trip|camp|game|match|tournament|cup|"
    "championship|league|conference|summit|forum|symposium|webinar|session|course|training|"
    "rehearsal|recital|performance|play|musical|screening|film|movie|dance|ball|gala|dinner|"
    "lunch|luncheon|breakfast|brunch|picnic|barbecue|bbq|cookout|reunion|wedding|birthday|"
    "shower|graduation|ceremony|parade|carnival|celebration|fete|fête|fiesta|fundraiser|drive|"
    "auction|raffle|bake sale|clean-up|cleanup|open day|open house|day|week|weekend|club|circle|"
    "group|storytime|story time|jam|gig|live|quiz|bingo|karaoke|service|mass|choir|orchestra|"
    "band|quartet|strings|jazz|fest|expo|showcase|launch|opening|reading|signing|clinic|drill|"
    "test|exam|assembly|assessment|interview|conferences|excursion|hike|social|mixer|meetup"
)
_ENDS = "|".join(sorted(map(re.escape, JAPANESE), key=len, reverse=True))
HAPPENING = re.compile(rf"(?:{_ENDS})(?:[\(\[「\s].*)?$|\b(?:{ENGLISH})s?\b", re.IGNORECASE)
# What a heading adds to the name itself.
TAIL = re.compile(
    r"\s*(?:(?:の|に関する|に係る|への|参加者?)?\s*(?:開催|実施)?(?:の)?\s*(?:お知らせ|おしらせ|ご案内|案内|お誘い|ご招待|招待状|"
    r"お願い|通知|連絡|日程(?:変更)?)(?:とお願い)?|(?:の開催|の実施)?について(?:\s*\(.*\))?|\s*(?:参加者|受講生|会員|出店者|ボランティア)?(?:大)?"
    r"募集(?:中|のお知らせ|要項)?|\s?開催(?:決定)?|\s?のご?予定|\s?を(?:開催|実施)(?:します|いたします)?)\s*[!！]*$"
)
HEAD = re.compile(
    r"^(?:件名|subject|re|fw|fwd|題名)\s*:\s*|^(?:an?|the|our|your|this year's)\s+(?=[a-z])|^(?:join us (?:for|at)|"
    r"you(?:'re| are) (?:warmly |cordially )?invited to|come to|save the date:?|announcing|introducing|"
    r"presents?:?|notice:|re:)\s+(?:an?\s|the\s|our\s)?|^[・●◆■□○◎☆★※*▪▶►>✓◇▼▲-]\s*|^\(?\d{1,2}[.)]\s+",
    re.IGNORECASE,
)  # fmt: skip
# Pages full of days have headings of this sort; no single thing is called so.
COLLECTIVE = re.compile(
    r"(?:行事|予定|よてい|スケジュール|カレンダー|日程|催し|催しもの|だより|便り|通信|ニュース|お知らせ|イベント)(?:表|一覧|予定|案内|情報)?$|"
    r"\b(?:schedule|calendar|fixtures?|diary|newsletter|news|programme|program|timetable|what's on|events|dates|"
    r"agenda|upcoming|notice|announcements?|bulletin)\b", re.IGNORECASE
)  # fmt: skip
_VERBS = r"開催|実施|挙行|開設|開講|上演|上映|放送|予定|企画|計画|行な?|行い|催|開[きくか]|やり|やる|あり|始ま|おこな|いたし"
SENTENCE_JAPANESE = (
    re.compile(rf"(?P<name>[^\s、。,]*?)(?:を|が|の)(?:{_VERBS})"),
    re.compile(r"(?P<name>[^\s、。,]{2,24}?)(?:は|ですが|につきまして|について|の件)"),
    re.compile(r"(?P<name>[^\s、。,]{2,24}?)(?:です|となります|になります|があり)"),
)
_BE = r"(?:will be held|will take place|takes place|is (?:being )?held|will be|will start|starts|begins|"
SENTENCE_ENGLISH = (
    re.compile(
        rf"(?:^|[.,;:!]\s|\bthat\s)?\b(?:our|the|a|an|this year's|your)\s(?:[a-z]+ly\s|annual\s|\d+(?:st|nd|rd|th)\s)*"
        rf"(?P<name>[A-Za-z][\w'& -]{{2,60}}?)\s{_BE}is (?:on|at|scheduled|set|coming)|returns|happens|opens|on\b)"
    ),
    re.compile(
        r"(?i:invited? (?:you )?to|invites you to|join us (?:for|at)|come (?:along )?to|attend|"
        r"presents|announce|hosting|holding|reminder (?:of|about)|celebrate)\s(?:the|our|an?)?\s?(?:annual\s)?"
        r"(?P<name>[A-Za-z0-9][\w'& -]{2,60}?)(?=\s(?:on|at|in|from|this|to be|for|by)\b|[.,!:;]|$)"
    ),
    re.compile(rf"^(?P<name>[A-Z][\w'& -]{{2,60}}?)\s{_BE}is (?:on|at)|on\b)"),
)


def core(text: str) -> tuple[int, int]:
    """Where the name itself begins and ends within a heading."""
    head = HEAD.match(text)
    start = head.end() if head else 0
    tail = TAIL.search(text, start)
    end = tail.start() if tail and tail.start() - start >= 2 else len(text)
    return start, end
