"""A component's process together with everything that it started in its own process group."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from kioku_stack.process import Process


class Family(Process):
    """A process that never leaves workers behind, however it ended.

    A killed embedder's decoders, for example, would otherwise live on beside those of the next one.
    """

    def terminate(self, grace: float = 10.0, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to stop, SIGKILL after `grace` seconds; then end who is left of its group."""
        super().terminate(grace, how)
        if self.exit_code is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
