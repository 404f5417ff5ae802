"""Promise: the bytes of one picture out of an HTTP body, or MULTIPART_INVALID.

`curl -F "image=@x.png"` sends multipart/form-data (RFC 7578). Anything else is the picture itself,
whatever its Content-Type says (`curl --data-binary` says x-www-form-urlencoded): bytes decide.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FILE_FIELD = b"image"
_LONGEST_BOUNDARY = 70
_MOST_PARTS = 16
_FORM = b"multipart/form-data"


def picture_of(content_type: str, body: bytes) -> bytes:
    """The picture in a request body.

    Args:
        content_type: the request's Content-Type, with its parameters; may be empty.
        body: the whole body.

    Raises:
        InvalidInput: MULTIPART_INVALID.
    """
    media_type, options = parse_options_header(content_type)
    return _file_field(options.get(b"boundary", b""), body) if media_type == _FORM else body


def _file_field(boundary: bytes, body: bytes) -> bytes:
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise _invalid("The multipart body names no boundary of 1 to 70 characters.")
    form = _Form()
    try:
        parser = MultipartParser(boundary, form.callbacks())
        parser.write(body)
    except (FormParserError, ValueError) as error:
        raise _invalid("The multipart body cannot be read.") from error
    if not form.ended:
        raise _invalid("The multipart body ends before its last boundary.")
    if len(form.pictures) != 1:
        raise _invalid(f"The form must have one file field `image`; it has {len(form.pictures)}.")
    return bytes(form.pictures[0])


@dataclass
class _Form:
    """What the parser's callbacks gather: the parts named `image`, the others only counted."""

    pictures: list[bytearray] = field(default_factory=list)
    ended: bool = False
    _parts: int = 0
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _wanted: bool = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._wanted = False
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _invalid(f"The form has more than {_MOST_PARTS} fields.")

    def _header_end(self) -> None:
        name, value = bytes(self._header).lower(), bytes(self._value)
        self._header.clear()
        self._value.clear()
        if name == b"content-disposition":
            _, options = parse_options_header(value)
            if options.get(b"name") == FILE_FIELD:
                self._wanted = True
                self.pictures.append(bytearray())
        if name == b"content-transfer-encoding" and value.lower() not in {b"binary", b"8bit"}:
            raise _invalid("The parts of the form must not be encoded (RFC 7578, section 4.7).")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            self.pictures[-1].extend(data[start:end])

    def _end(self) -> None:
        self.ended = True


def _invalid(message: str) -> InvalidInput:
    return InvalidInput(Reason.MULTIPART_INVALID, message, field="image")
