"""The same questions over REST: the curl command a person can copy, and what it answers."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from kioku_cli.invocation import invocation

_SECONDS = 30


@dataclass(frozen=True)
class RestCall:
    """A command line with the token left to the shell, and the answer it gave."""

    command: str
    answer: Any


def search_by_words(rest: str, token: str, data: Path, words: str, k: int) -> RestCall:
    """POST /v1/search with words."""
    body = json.dumps({"text": words, "k": k}, ensure_ascii=False)
    options = ["-H", "content-type: application/json", "-d", body]
    return _run(f"{rest}/v1/search", token, data, options)


def embed_picture(rest: str, token: str, data: Path, picture: Path) -> RestCall:
    """POST /embed with a picture as a form."""
    return _run(f"{rest}/embed", token, data, ["-F", f"image=@{picture}"])


def _run(url: str, token: str, data: Path, options: list[str]) -> RestCall:
    token_of = invocation("token", data)
    bearer = f'-H "authorization: Bearer $({token_of})"'
    shown = f"curl -s {shlex.join(options)} {bearer} {url}"
    curl = shutil.which("curl")
    text = _by_curl(curl, url, token, options) if curl else _by_httpx(url, token, options)
    return RestCall(shown, json.loads(text))


def _by_curl(curl: str, url: str, token: str, options: list[str]) -> str:
    # The token goes in by a file descriptor: a command line can be read by everybody.
    command = [curl, "-s", "--noproxy", "*", "-m", str(_SECONDS), *options, "-K", "-", url]
    header = f'header = "authorization: Bearer {token}"\n'
    done = subprocess.run(command, input=header, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout


def _by_httpx(url: str, token: str, options: list[str]) -> str:
    """What curl would send, for machines without it."""
    headers = {"authorization": f"Bearer {token}"}
    kind, value = options[-2:]
    with httpx.Client(trust_env=False, timeout=_SECONDS, headers=headers) as http:
        if kind == "-F":
            picture = Path(value.removeprefix("image=@"))
            return http.post(url, files={"image": picture.read_bytes()}).text
        return http.post(url, content=value, headers={"content-type": "application/json"}).text
