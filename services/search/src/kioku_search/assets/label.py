"""Labels: what an owner says of an asset, and who is on it, as the one array that filters look at.

The same as `search.labels` in SQL.  Tags are themselves; a control character, which no tag can
hold, begins the names of albums and people.
"""

from __future__ import annotations

from collections.abc import Iterable

ALBUM = "\x01album:"
PERSON = "\x01person:"


def labels_of(
    tags: Iterable[str], albums: Iterable[str] = (), people: Iterable[str] = ()
) -> tuple[str, ...]:
    """Every label of an asset, or of a filter."""
    return (*tags, *(ALBUM + album for album in albums), *(PERSON + person for person in people))
