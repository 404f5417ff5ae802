"""Words that say what stands beside them: 日時, 会場, When, Where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from kioku_vlm.rules.passage import Passage


class Role(StrEnum):
    """What a labelled value is."""

    TITLE = "title"
    WHEN = "when"
    TIME = "time"
    PLACE = "place"
    ADDRESS = "address"
    DEADLINE = "deadline"
    CLOSED = "closed"
    ISSUED = "issued"
    SPARE = "spare"
    BRING = "bring"
    PRICE = "price"
    CONTACT = "contact"
    AUDIENCE = "audience"
    CAPACITY = "capacity"
    APPLY = "apply"
    PEOPLE = "people"
    ACCESS = "access"
    OTHER = "other"


_WORDS: dict[Role, tuple[str, str]] = {
    Role.TITLE: (
        "行事名 行事 イベント名 催し名 催し 講座名 教室名 大会名 件名 名称 演題 演目 題名 "
        "タイトル テーマ 題目 内容 活動内容 予定 行事予定 事業名 プログラム名 セミナー名",
        "event|event name|title|subject|re|activity|what|program|programme|session|"
        "name|topic|course|class|match|opponent|fixture",
    ),
    Role.WHEN: (
        "日時 日程 日にち 日付 月日 期日 開催日 開催日時 開催期間 開催日程 実施日 実施日時 "
        "会期 期間 とき いつ 公演日 公演日時 予定日 年月日 出発日 集合日時 日 曜日 開講日 "
        "練習日 活動日",
        "date|dates|when|date & time|date and time|date/time|day|days|on",
    ),
    Role.TIME: (
        "時間 時刻 開催時間 開始時間 開始 開始時刻 開演 開場 受付 受付時間 受付開始 "
        "集合時間 集合 終了 終了時間 解散 開会 閉会 時間帯",
        "time|times|hours|doors|doors open|start|starts|show|kick-off|kick off|ko|end|ends|opening",
    ),
    Role.PLACE: (
        "場所 会場 ところ 開催場所 開催地 開催会場 実施場所 集合場所 どこ 行き先 行先 "
        "目的地 場 会場名 於 於いて 教室 受付場所",
        "where|venue|place|location|meeting point|meeting place|meet at|room|site|ground|field|at",
    ),
    Role.ADDRESS: (
        "住所 所在地 会場住所",
        "address",
    ),
    Role.DEADLINE: (
        "締切 締切日 締め切り 〆切 申込締切 申込締切日 申し込み締切 申込期限 申込期間 "
        "応募締切 応募期限 応募期間 提出期限 提出日 提出締切 回答期限 返信期限 期限 しめきり "
        "納期 支払期限 募集期間 募集締切 受付期間 受付締切 納入期限 申請期限 返却期限",
        "deadline|due|due date|rsvp by|rsvp|reply by|register by|"
        "registration deadline|apply by|return by|sign up by|sign-up by|book by|"
        "closing date|entries close|respond by|submit by",
    ),
    Role.CLOSED: (
        "休館日 休診日 定休日 休業日 休園日 休み お休み",
        "closed|closed on",
    ),
    Role.ISSUED: (
        "発行日 発行 作成日 更新日 最終更新 掲載日 投稿日 通知日 送信日時 送信日",
        "issued|published|posted|updated|last updated|sent|printed",
    ),
    Role.SPARE: (
        "予備日 雨天順延 雨天時 雨天の場合 荒天時 雨天延期 順延日",
        "rain date|rain day|backup date|alternate date|in case of rain",
    ),
    Role.BRING: (
        "持ち物 持物 もちもの 持参品 持参するもの 準備物 準備するもの 服装 用意するもの 携行品",
        "bring|what to bring|please bring|wear|dress|dress code|you will need",
    ),
    Role.PRICE: (
        "料金 参加費 会費 入場料 費用 受講料 参加料 観覧料 入館料 チケット 代金 前売 "
        "前売り 当日 一般 値段 価格 参加費用 教材費 入場",
        "tickets|ticket|price|cost|fee|fees|admission|entry|cover|charge",
    ),
    Role.CONTACT: (
        "問い合わせ お問い合わせ 問合せ お問合せ 問合せ先 問い合わせ先 お問い合わせ先 "
        "お問合せ先 連絡先 電話 TEL 主催 共催 後援 協賛 主管 担当",
        "contact|questions|info|information|tel|phone|call|e-mail|email|organiser|"
        "organizer|organised by|organized by|hosted by|presented by|sponsor",
    ),
    Role.AUDIENCE: (
        "対象 対象者 参加資格 対象年齢 対象学年 参加対象 応募資格 学年",
        "who|for|ages|audience|age",
    ),
    Role.CAPACITY: (
        "定員 募集人数 人数 募集定員",
        "capacity|places|seats|spaces|limit",
    ),
    Role.APPLY: (
        "申込 申込み 申し込み お申し込み お申込み 申込方法 申込先 申込み方法 申し込み方法 "
        "応募方法 参加方法 予約 ご予約 参加申込 受講申込",
        "register|registration|sign up|booking|bookings|how to join|apply",
    ),
    Role.PEOPLE: (
        "講師 出演 出演者 出演者名 登壇者 ゲスト 指揮 司会 演奏 指導 監督 引率",
        "speaker|speakers|instructor|teacher|guest|guests|featuring|with|host|performers|led by",
    ),
    Role.ACCESS: (
        "交通 アクセス 最寄り駅 最寄駅 駐車場",
        "access|parking|directions|getting there",
    ),
    Role.OTHER: (
        "その他 備考 注意 注意事項 お願い 留意事項 メモ",
        "notes|note|other|please note|remarks|memo",
    ),
}
_BULLET = (
    r"(?:[-・●◆■□○◎☆★※*▪▶►>✓◇▼▲]\s*|"
    r"\(?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,2})(?:[.)、.]\s*|\s+))?"
)
_OPEN, _CLOSE = r"[\[【〔(<〈《]?\s*", r"\s*[\]】〕)>〉》]?"
# Too common in running words to be labels there.
_WEAK = set(["日", "場", "内容", "当日", "一般", "予定", "教室", "テーマ", "人数", "入場", "休み", "開始", "終了", "対象", "学年"])


@dataclass(frozen=True)
class Label:
    """A label in a text: what it says, and where its value begins."""

    role: Role
    start: int
    end: int
    words: str


def labels_in(text: str) -> tuple[Label, ...]:
    """All labels of a text, each at its beginning, after a wide gap, or after a comma or bracket.

    A label is followed by a colon, a gap, a closing bracket, or nothing; one in the middle of
    running words needs the colon or the brackets.
    """
    found: list[Label] = []
    for match in _pattern().finditer(text):
        words = re.sub(r"\s+", "" if not match["label"].isascii() else " ", match["label"]).lower()
        label = Label(_roles()[words], match.start(), match.end(), words)
        if _fits(text, match, label):
            found.append(label)
    return tuple(found)


def starts_label(text: str) -> bool:
    """Whether the text begins with a label."""
    return any(label.start == 0 for label in labels_in(text))


def role_of(text: str) -> Role | None:
    """What a text labels that is a label and nothing else."""
    found = labels_in(text)
    whole = len(found) == 1 and found[0].start == 0 and not text[found[0].end :].strip()
    return found[0].role if whole else None


def value_of(passage: Passage, labels: tuple[Label, ...], index: int) -> Passage:
    """What stands behind a label, up to the next one."""
    end = labels[index + 1].start if index + 1 < len(labels) else len(passage.text)
    value = passage.part(labels[index].end, end)
    kept = value.text.rstrip(" ,、/|([【〔<〈《「")
    return value.part(0, len(kept))


def _fits(text: str, match: re.Match[str], label: Label) -> bool:
    marked = ":" in match["end"] or bool(match["open"].strip())
    alone = text[label.end :].strip() == "" and label.start == 0
    begins = label.start == 0 or text[max(0, label.start - 2) : label.start] == "  "
    if match["label"].isascii():  # "on", "at", "with" are words too
        return marked or alone or (begins and text[match.end("label") :].startswith("  "))
    within = label.words not in _WEAK and text[label.start - 1 : label.start] in (" ", "/")
    return marked or begins or within


@cache
def _roles() -> dict[str, Role]:
    return {
        word.lower(): role
        for role, (japanese, english) in _WORDS.items()
        for word in (*japanese.split(), *english.split("|"))
    }


@cache
def _pattern() -> re.Pattern[str]:
    words = sorted(_roles(), key=len, reverse=True)
    choice = "|".join(
        re.escape(word) if word.isascii() else r"\s{0,3}".join(map(re.escape, word))
        for word in words
    )
    return re.compile(
        rf"(?:(?<=^)|(?<=[\s,、/。(・|])|(?=[\[【〔<〈]))(?:{_BULLET})(?P<open>{_OPEN})(?P<label>{choice})"
        rf"(?P<end>{_CLOSE}\s*(?::|;|は(?=[^\w]|\w)|(?=\s)|$|(?<=[\]】〕)>〉》])))\s*",
        re.IGNORECASE,
    )
