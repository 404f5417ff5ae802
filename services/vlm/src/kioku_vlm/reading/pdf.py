"""Pages of a PDF as pictures, drawn by PDFium in a process that may die of the file.

Text that the file carries beside its pixels is not read at all: what a reader cannot see is no
evidence, and a way to slip words in. Scripts, attachments and links are never looked at.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from kioku_rt.errors import DependencyDown, InvalidInput
from kioku_rt.reasons import Reason

MAGIC = b"%PDF-"
CONTENT_TYPE = "application/pdf"
_SECONDS = 30.0
_LENGTH = 4
REFUSALS = {
    10: Reason.IMAGE_DECODER_FAILED,
    11: Reason.IMAGE_TOO_MANY_FRAMES,
    12: Reason.IMAGE_TOO_MANY_PIXELS,
    13: Reason.DOCUMENT_LOCKED,
}
"""By the exit code of the process."""


def is_pdf(data: bytes) -> bool:
    """Whether it says that it is one, within its first kilobyte (ISO 32000-1, annex H.3.4.1)."""
    return MAGIC in data[:1024]


async def drawn_pages(data: bytes, *, most: int, seconds: float = _SECONDS) -> list[bytes]:
    """Each page as a PNG.

    Args:
        most: pages; a file with more is refused.

    Raises:
        InvalidInput: it is damaged, locked by a password, or too large.
        DependencyDown: no process can be started.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "kioku_vlm.reading.draw_pdf", str(most), str(int(seconds))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
        )
    except OSError as error:
        raise DependencyDown("PDF reader") from error
    try:
        async with asyncio.timeout(seconds):
            drawn, _ = await process.communicate(data)
    except TimeoutError:
        raise InvalidInput(Reason.IMAGE_DECODE_TIMEOUT) from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        raise InvalidInput(REFUSALS.get(process.returncode, Reason.IMAGE_DECODER_FAILED))
    return parted(drawn)


def parted(drawn: bytes) -> list[bytes]:
    """Pictures that were written one after another, each behind its length.

    Raises:
        InvalidInput: they end early, or there is none.
    """
    pages, at = [], 0
    while at < len(drawn):
        size = int.from_bytes(drawn[at : at + _LENGTH], "big")
        pages.append(drawn[at + _LENGTH : at + _LENGTH + size])
        at += _LENGTH + size
    if not pages or not all(pages) or at != len(drawn):
        raise InvalidInput(Reason.IMAGE_DECODER_FAILED)
    return pages
