"""No request with an enum number this version does not know gets past the door.

proto3 enums are open: a number from a newer client parses without a word and would fall through
every comparison. Message types without enums cost nothing, because what to look at is planned once
for each type.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason


def check_enums(message: Message) -> None:
    """Look at every enum field of `message`, however deep.

    Raises:
        InvalidInput: ENUM_UNKNOWN with the path of the first field that holds a number its enum
            does not have.
    """
    for path, number in _unknown(message, ""):
        raise InvalidInput(
            Reason.ENUM_UNKNOWN,
            f"The field `{path}` has the value {number}, which this version does not know.",
            field=path,
            metadata={"field": path, "value": str(number)},
        )


@dataclass(frozen=True)
class _Field:
    """How to look at one field: the numbers its enum has (None: it holds messages)."""

    name: str
    known: frozenset[int] | None
    repeated: bool
    mapped: bool


@cache
def _plan(kind: Descriptor) -> tuple[_Field, ...]:
    """List the fields of a message type that are enums or may lead to one."""
    return tuple(
        step for field in kind.fields if (step := _step(field, frozenset((kind,)))) is not None
    )


def _step(field: FieldDescriptor, above: frozenset[Descriptor]) -> _Field | None:
    entry = field.message_type
    mapped = entry is not None and entry.GetOptions().map_entry
    value = entry.fields_by_name["value"] if entry is not None and mapped else field
    known = None
    if value.enum_type is not None:
        known = frozenset(value.enum_type.values_by_number)
    elif value.message_type is None or not _leads_to_enum(value.message_type, above):
        return None
    return _Field(field.name, known, field.is_repeated, mapped)


def _leads_to_enum(kind: Descriptor, above: frozenset[Descriptor]) -> bool:
    """Tell whether an enum may be reached; a type inside itself may, so it is always walked."""
    if kind in above:
        return True
    return any(_step(field, above | {kind}) is not None for field in kind.fields)


def _unknown(message: Message, prefix: str) -> Iterator[tuple[str, int]]:
    for field in _plan(message.DESCRIPTOR):
        for path, value in _values(message, field, prefix):
            if field.known is None:
                yield from _unknown(value, f"{path}.")
            elif value not in field.known:
                yield path, value


def _values(message: Message, field: _Field, prefix: str) -> Iterator[tuple[str, Any]]:
    path = prefix + field.name
    if field.mapped:
        for key, value in getattr(message, field.name).items():
            yield f"{path}[{key}]", value
    elif field.repeated:
        for index, value in enumerate(getattr(message, field.name)):
            yield f"{path}[{index}]", value
    elif field.known is not None or message.HasField(field.name):
        yield path, getattr(message, field.name)
