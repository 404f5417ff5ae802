"""Keeps the logs from filling the disk: a long one becomes `.1`, and the writer goes on in place.

Children append to their log, so cutting the file to nothing loses no later line; what is written
between the copy and the cut can be lost, which is the price of not asking every server to reopen.
"""

from __future__ import annotations

import os
import shutil

from kioku_cli.data import DataFolder

LONGEST_LOG = 64 * 2**20


def trim_logs(data: DataFolder, longest: int = LONGEST_LOG) -> None:
    """Move every log longer than `longest` bytes aside; one earlier generation is kept."""
    for log in data.logs.glob("*.log"):
        if log.stat().st_size > longest:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)
