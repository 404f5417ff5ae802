"""How a person at this prompt would call `kioku` again for the same data folder."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from kioku_cli.data import DEFAULT, VARIABLE


def invocation(words: str, root: Path) -> str:
    """A command line that works when it is pasted here: program, words, the folder if needed."""
    named = os.environ.get(VARIABLE)
    found = Path(named or DEFAULT).resolve() == root
    option = "" if found else f" --data {shlex.quote(str(root))}"
    return f"{_program()} {words}{option}"


def _program() -> str:
    here = Path(sys.prefix, "bin", "kioku")
    if shutil.which("kioku") == str(here):
        return "kioku"
    if here.is_relative_to(Path.cwd()):
        return shlex.quote(str(here.relative_to(Path.cwd())))
    return shlex.quote(str(here))
