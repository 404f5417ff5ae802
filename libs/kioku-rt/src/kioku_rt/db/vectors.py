"""numpy arrays go to pgvector's `halfvec` and `vector` and come back, in binary, without text.

Wire format of both types: int16 dimension, int16 unused, then the components big-endian (float16
for halfvec, float32 for vector); from `halfvec_send` and `vector_send` of pgvector.
"""

from __future__ import annotations

import struct

import asyncpg
import numpy as np
import numpy.typing as npt

_HEADER = struct.Struct(">hh")
MAX_DIMENSION = 16_000


def _encode(vector: npt.ArrayLike | bytes, dtype: str) -> bytes:
    if isinstance(vector, bytes):
        return vector
    array = np.asarray(vector)
    if array.ndim != 1 or not 1 <= array.size <= MAX_DIMENSION:
        raise ValueError(f"a vector has one axis of 1 to {MAX_DIMENSION} numbers: {array.shape}")
    return _HEADER.pack(array.size, 0) + array.astype(dtype).tobytes()


def _decode(data: bytes, dtype: str) -> npt.NDArray[np.floating]:
    (size, _) = _HEADER.unpack_from(data)
    return np.frombuffer(data, dtype=dtype, count=size, offset=_HEADER.size)


def encode_halfvec(vector: npt.ArrayLike | bytes) -> bytes:
    """Wire bytes of a 1-d array of numbers as `halfvec`; wire bytes stay as they are.

    For a parameter `halfvec[]` pass a list of these bytes: asyncpg takes a list of arrays for a
    nested list of numbers.

    Raises:
        ValueError: not one axis of 1 to 16,000 numbers.
    """
    return _encode(vector, ">f2")


def decode_halfvec(data: bytes) -> npt.NDArray[np.float16]:
    """The components of a `halfvec`: float16, shape (dimension,), native byte order."""
    return _decode(data, ">f2").astype(np.float16)


def encode_vector(vector: npt.ArrayLike | bytes) -> bytes:
    """Wire bytes of a 1-d array of numbers as `vector`; wire bytes stay as they are.

    Raises:
        ValueError: not one axis of 1 to 16,000 numbers.
    """
    return _encode(vector, ">f4")


def decode_vector(data: bytes) -> npt.NDArray[np.float32]:
    """The components of a `vector`: float32, shape (dimension,), native byte order."""
    return _decode(data, ">f4").astype(np.float32)


_CODECS = {"halfvec": (encode_halfvec, decode_halfvec), "vector": (encode_vector, decode_vector)}
_WHERE = """
SELECT t.typname, n.nspname FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typname = ANY($1::text[]) AND t.typtype = 'b'
"""


async def register_codecs(connection: asyncpg.Connection) -> None:
    """Teach one connection both types, wherever the extension lives; none if it is absent."""
    for row in await connection.fetch(_WHERE, list(_CODECS)):
        encoder, decoder = _CODECS[row["typname"]]
        await connection.set_type_codec(
            row["typname"],
            schema=row["nspname"],
            encoder=encoder,
            decoder=decoder,
            format="binary",
        )
