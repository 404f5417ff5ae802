"""Words that are meant for a machine: they are told of, and are no evidence for anything."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from kioku_vlm.page import Document, Line, Page
from kioku_vlm.rules.passage import fold
from kioku_vlm.schedule_facts import Evidence, Suspicion

_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:previous|prior|above|earlier|"
    r"all|any|your|the|these|schema|"
    r"system|instructions?|rules?|prompts?)\b"
    r"|^\s*[<\[(#*]*\s*(?:system|assistant|developer|user|human|ai|admin)\s*(?:prompt|message|"
    r"note|instruction)?\s*[>\])]*\s*[:>]"
    r"|<\|?(?:im_start|im_end|system|endoftext|s|/s)\|?>|\[/?INST\]|###\s*(?:instruction|system)"
    r"|\byou are (?:now |an? )?(?:an? )?(?:ai|assistant|language model|chatbot|gpt|dan|"
    r"helpful)\b|\bas an ai\b"
    r"|\b(?:new|updated|real|secret|hidden) (?:instructions?|task|prompt)\b|\bsystem prompt\b|"
    r"\bprompt injection\b"
    r"|\b(?:set|change|replace|output|return|respond with|reply with|write|print|reveal|send|"
    r"exfiltrate)\b.{0,40}"
    r"\b(?:json|schema|every place|all (?:events|fields|titles|places|names)|title field|field|"
    r"the model|api key|password|prompt)\b"
    r"|\b(?:instructions?|note|message) (?:for|to) (?:the )?(?:ai|llm|model|assistant|machine|"
    r"bot)\b"
    r"|(?:以前|上記|前|これまで|すべて|全て|先|従来|システム)の?(?:すべて|全て)?の?(?:指示|"
    r"命令|プロンプト|ルール|設定|制約).{0,8}"
    r"(?:無視|忘れ|破棄|従わ|取り消|上書)|(?:指示|命令|プロンプト)を(?:無視|忘れ)"
    r"|あなたは.{0,16}(?:AI|アシスタント|モデル|ボット|機械|人工知能|です。?$)|(?:AI|人工知能|"
    r"モデル|アシスタント)(?:への|に対する)?(?:指示|命令)"
    r"|(?:システム|管理者)(?:プロンプト|メッセージ|命令|指示)|JSON.{0,12}(?:出力|返|書)|"
    r"(?:出力|書き換え|書き出|返答|回答)(?:せよ|しろ|しなさい)"
    r"|忽略.{0,6}(?:之前|以上|所有|先前).{0,6}(?:指令|指示|说明)|你现在是|系统提示"
    r"|이전.{0,6}(?:지시|명령).{0,6}무시|시스템 프롬프트"
    r"|ignor(?:a|e|ez|iere|ieren)\s.{0,20}(?:instruc|anweisung|consignes|indicaciones|"
    r"instrucciones)"
    r"|(?:игнорируй|забудь).{0,20}(?:инструкц|указан)|تجاهل.{0,20}(?:التعليمات|السابقة)",
    re.IGNORECASE,
)
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_ZERO_WIDTH = set("\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e")
_TAGS = range(0xE0000, 0xE0080)


def suspicions_of(document: Document) -> tuple[Suspicion, ...]:
    """What looks like an instruction (`INSTRUCTION`), is written so that nobody sees it

    (`INVISIBLE_CHARACTERS`, `BIDI_CONTROL`), or stands where nobody sees it (`HIDDEN_TEXT`).
    """
    return tuple(found for page in document.pages for found in _of_page(page))


def orders(line: Line) -> bool:
    """Whether a line speaks to a machine."""
    return bool(_ORDER.search(_visible(line.text)))


def _of_page(page: Page) -> Iterator[Suspicion]:
    for line in page.lines:
        yield from (Suspicion(reason, _evidence(page, line)) for reason in _reasons(line))
    for line in page.hidden:
        reasons = ("HIDDEN_TEXT", *_reasons(line)) if line.text.strip() else ()
        yield from (Suspicion(reason, _evidence(page, line)) for reason in reasons)


def _reasons(line: Line) -> tuple[str, ...]:
    found = []
    if orders(line):
        found.append("INSTRUCTION")
    if set(line.text) & _BIDI:
        found.append("BIDI_CONTROL")
    if any(letter in _ZERO_WIDTH or ord(letter) in _TAGS for letter in line.text):
        found.append("INVISIBLE_CHARACTERS")
    return tuple(found)


def _evidence(page: Page, line: Line) -> Evidence:
    return Evidence(page.number, line.box, line.text)


def _visible(text: str) -> str:
    """Folded, without what cannot be seen: letters parted by nothing are one word."""
    return "".join(one for one in fold(text) if unicodedata.category(one) not in ("Cf", "Cc"))
