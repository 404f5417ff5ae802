"""Every way in which NATS can be away becomes one DependencyDown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import nats.errors
from nats.js import errors as js_errors

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import Reason

EVENT_LOG = "event log"
NOT_CONNECTED = (nats.errors.Error, TimeoutError, OSError)
_TOO_LARGE = 10054  # JSStreamMessageExceedsMaximumErr


@contextmanager
def event_log_errors() -> Iterator[None]:
    """Turn the failures of a NATS that is away into `DependencyDown("event log")`.

    A server that refuses (full stream, JetStream off) counts as away: the event waits in its
    outbox. Only a message above the limit never gets in: KiokuError MESSAGE_TOO_LARGE.
    """
    try:
        yield
    except js_errors.APIError as error:
        if error.err_code == _TOO_LARGE:
            raise KiokuError(Reason.MESSAGE_TOO_LARGE) from error
        raise DependencyDown(EVENT_LOG) from error
    except nats.errors.MaxPayloadError as error:
        raise KiokuError(Reason.MESSAGE_TOO_LARGE) from error
    except NOT_CONNECTED as error:
        raise DependencyDown(EVENT_LOG) from error
