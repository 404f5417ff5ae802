"""Sends the log of a Swift server to a file instead of syslog, which may not be there.

Swift calls `to_file` for every logger it makes (`log_custom_handlers` in its configuration); the
file is named by `kioku_log_file` in the same section.
"""

import logging
from collections.abc import Mapping

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_files: dict[str, logging.FileHandler] = {}


def to_file(
    conf: Mapping[str, str],
    _name: str,
    _to_console: bool,
    _route: str,
    _format: str,
    logger: logging.Logger,
    _adapted: object,
) -> None:
    """Replace the handlers of `logger` by the one file of this process."""
    path = conf["kioku_log_file"]
    if path not in _files:
        _files[path] = logging.FileHandler(path, encoding="utf-8")
        _files[path].setFormatter(logging.Formatter(_FORMAT))
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.addHandler(_files[path])
