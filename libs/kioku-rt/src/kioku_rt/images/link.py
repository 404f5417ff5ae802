"""Between the service and a decoder child: small messages, and one file in memory for the bulk.

Messages are packets (SOCK_SEQPACKET): they arrive whole or not at all, so that a child which stops
in the middle of a word cannot hold its parent. Pictures and pixels lie in a file without a name
that both ends read and write by system calls and neither maps: a child that shortens it makes a
read short, never a SIGBUS in the service.
"""

from __future__ import annotations

import os
import socket

import numpy as np

_MESSAGE_BYTES = 1 << 16
_KEPT_BYTES = 1 << 20
_FILE = b"file"


class Link:
    """One end. `close` may be called at any time by the thread that uses it.

    Args:
        messages: a connected SOCK_SEQPACKET socket, owned from now on.
        file: descriptor of the file in memory, owned from now on.
    """

    def __init__(self, messages: socket.socket, file: int) -> None:
        self._messages = messages
        self._file = file

    @classmethod
    def pair(cls) -> tuple[Link, socket.socket]:
        """Our end, and what becomes the child's when it calls `accept` with it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        file = os.memfd_create("kioku-picture", os.MFD_CLOEXEC)
        socket.send_fds(ours, [_FILE], [file])
        return cls(ours, file), theirs

    @classmethod
    def accept(cls, theirs: socket.socket) -> Link:
        """The child's end."""
        _, files, _, _ = socket.recv_fds(theirs, len(_FILE), 1)
        return cls(theirs, files[0])

    def send(self, message: bytes) -> None:
        """Raises OSError when the other end is gone."""
        self._messages.sendall(message)

    def receive(self, seconds: float | None = None) -> bytes:
        """The next message; empty when the other end is gone.

        Raises:
            TimeoutError: none came within `seconds`.
            OSError: the other end is gone.
        """
        self._messages.settimeout(seconds)
        message = self._messages.recv(_MESSAGE_BYTES)
        self._messages.settimeout(None)
        return message

    def put(self, data: bytes | memoryview) -> None:
        """Writes `data` from the file's start; raises OSError when it does not fit."""
        at, view = 0, memoryview(data)
        while at < len(view):
            at += os.pwrite(self._file, view[at:], at)

    def take(self, size: int) -> bytes:
        """The file's first `size` bytes; raises EOFError when it has fewer."""
        data = os.pread(self._file, size, 0)
        if len(data) != size:
            raise EOFError("the file between the processes is too short")
        return data

    def take_array(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """The file's first bytes as an array of its own memory; raises EOFError likewise."""
        values = np.empty(shape, dtype)
        into = values.reshape(-1).view(np.uint8).data
        if os.preadv(self._file, [into], 0) != values.nbytes:
            raise EOFError("the file between the processes is too short")
        return values

    def tidy(self) -> None:
        """Gives a large file's memory back; a small one is kept, since it is needed at once."""
        if os.fstat(self._file).st_size > _KEPT_BYTES:
            os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Closes both."""
        self._messages.close()
        os.close(self._file)
