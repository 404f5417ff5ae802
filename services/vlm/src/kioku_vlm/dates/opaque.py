"""Numbers that are no dates whatever they look like: phones, prices, addresses, links."""

from __future__ import annotations

import re

_PARTED = "cups?|tsp|tbsp|teaspoons?|tablespoons?|inch(?:es)?|price|off|stars?|scale|miles?|pints?"
_PARTED += "|lb|oz|pages?|ページ|頁|カップ|個|杯|量|サイズ|インチ|の確率|に切"
_PATTERNS = (
    r"https?://\S{1,2000}",
    r"www\.\S{1,2000}",
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}",
    r"(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|jp|io|dev|uk|edu|gov|info)(?:/\S{0,2000})?(?![a-z])",
    # Phones and faxes.
    r"(?:tel|fax|phone|電話|ファックス|ファクス|☎|℡)[番号:. ]{0,4}[+\d][\d()\-.]{5,20}",
    r"\+\d{1,3}[- ]?\(?\d{1,5}\)?(?:[- ]\d{2,5}){1,4}",
    r"\(0?\d{1,4}\)[- ]?\d{1,4}-\d{3,4}(?!\d)",
    r"0\d{1,4}[-(]\d{1,4}[-)]\d{4}(?!\d)(?<!0\d-\d\d-(?:19|20)\d\d)",
    r"0\d{1,4} \d{1,4} \d{4}(?!\d)",
    r"\d{3}-\d{3}-\d{4}(?!\d)",
    r"〒 ?\d{3}-?\d{0,4}",
    r"\d{3}-\d{4}(?![\d-])",
    # Money.
    r"(?:[¥$€£]|usd|jpy|eur|gbp) ?\d[\d,]{0,15}(?:\.\d{1,2})?(?!\d)",
    r"\d[\d,]{0,15}(?:\.\d{1,2})?(?:円|ドル|万円|億|%|€|yen\b)",
    # Versions, addresses of machines, and other names made of numbers.
    r"v(?:er(?:sion)?)?\.? ?\d{1,4}(?:\.\d{1,4}){1,4}(?![\d])",
    r"\d{1,3}(?:\.\d{1,3}){3,8}",
    r"(?:バージョン|第) ?\d{1,4}(?:\.\d{1,4}){1,4}",
    r"(?:no|#|№)\.? ?\d{1,10}(?:[-/.]\d{1,10}){0,4}",
    r"\d{1,4}(?:丁目|番地|番|号室|号)(?:\d{1,4}(?:丁目|番地|番|号室|号|-\d{1,4})?){0,4}",
    r"\d{1,4}-\d{1,4}(?:-\d{1,4}){0,3}(?:号室|号|番地|番|教室|組|階|室)",
    r"\d{1,2}年\d{1,2}(?:組|クラス)",
    r"\d{1,4}-\d{1,4}(?:-\d{1,4}){0,3}(?=で?(?:勝|負|引き?分|敗))",
    # Parts, sizes and ratios.
    rf"\d{{1,4}}/\d{{1,4}} ?(?:{_PARTED})",
    r"\d{1,4} \d{1,3}/\d{1,3}(?= [a-z])",
    r"(?:縮尺|pages?|pp?\.) ?\d{1,4}/\d{1,5}",
    r"24/7(?!\d)",
    r"\d{9,400}",
)
_OPAQUE = re.compile("|".join(_PATTERNS))
_TRIGGERS = frozenset("0123456789+(〒¥$€£#№☎℡電フバ第縮")


def opaque_end(text: str, at: int) -> int:
    """The end of the opaque words that begin at `at`, or `at` if none do."""
    character = text[at]
    latin = "a" <= character <= "z"
    if character not in _TRIGGERS and not latin:
        return at
    if at and latin and text[at - 1].isalnum() and text[at - 1].isascii():
        return at
    if character.isdigit() and at and text[at - 1].isdigit():
        return at
    found = _OPAQUE.match(text, at)
    return found.end() if found else at
