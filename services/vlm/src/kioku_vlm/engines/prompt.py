"""Promise: what a model is told is a versioned file, and a page's words never become part of it.

Words of a page stand in a block whose border is a fresh nonce, and cannot spell a control token of
any chat format: `<` and `[` are written in full width there, which NFKC folds back.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from kioku_vlm.engines.question import Schema
from kioku_vlm.page import Document

CURRENT: Mapping[str, str] = {"schedule": "v1", "people": "v1", "themes": "v1"}
MOST_PAGE_CHARACTERS = 8_000
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_HARMLESS = str.maketrans({"<": "＜", "[": "［", "`": "'"})
_DIGEST_LETTERS = 12


@dataclass(frozen=True)
class Prompt:
    """What a model is told for one task, and the form of its answer.

    Attributes:
        name: `schedule`, `people` or `themes`.
        number: of the text, `v1`.
        text: with places `{{name}}`.
        schema: of the answer.
    """

    name: str
    number: str
    text: str
    schema: Schema

    @property
    def version(self) -> str:
        """Name, number and digest of the text."""
        return f"{self.name}-{self.number}@{_digest(self.text)}"

    @property
    def schema_version(self) -> str:
        """Name and digest of the schema."""
        return f"{self.name}@{_digest(json.dumps(self.schema, sort_keys=True))}"

    def filled(self, **parts: str) -> str:
        """The text with its places filled, in one pass: what is filled in has no places.

        Raises:
            KeyError: a place has no part.
        """
        return _PLACE.sub(lambda place: parts[place.group(1)], self.text)


def load_prompt(name: str) -> Prompt:
    """The current prompt of a task."""
    folder = files("kioku_vlm.engines.prompts").joinpath(name)
    number = CURRENT[name]
    text = folder.joinpath(f"{number}.txt").read_text("utf-8")
    schema = json.loads(folder.joinpath("schema.json").read_text("utf-8"))
    return Prompt(name, number, text, schema)


def nonce() -> str:
    """A border that no page can know."""
    return secrets.token_hex(8)


def harmless(text: str) -> str:
    """Words that spell no control token."""
    return text.translate(_HARMLESS)


def page_block(document: Document, most: int = MOST_PAGE_CHARACTERS) -> str:
    """The visible lines of all pages, numbered from 1, one to a row.

    Lines that nobody would see are left out. Lines beyond `most` characters in all are left out,
    with a row that says so.
    """
    rows: list[str] = []
    room = most
    lines = [line for page in document.pages for line in page.lines]
    for number, line in enumerate(lines, 1):
        row = f"{number}: {harmless(line.text)}"
        room -= len(row)
        if room < 0:
            rows.append("…")
            break
        rows.append(row)
    return "\n".join(rows)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LETTERS]
