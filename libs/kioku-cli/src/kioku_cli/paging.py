"""All rows of a list, page by page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

_PAGE = 1000


async def every(
    rpc: Callable[[Any], Awaitable[Any]], request: Any, field: str, limit: int
) -> list[Any]:
    """At most `limit` rows.

    Args:
        rpc: one that gives pages (AIP-158).
        request: of the first page; its page is set here.
        field: of the answer that holds the rows.
    """
    rows: list[Any] = []
    while len(rows) < limit:
        request.page_size = min(_PAGE, limit - len(rows))
        page = await rpc(request)
        rows += getattr(page, field)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    return rows
