"""Promise: OpenVINO tells nobody that it is used.

Converting a model with it sends an event to its makers unless a file in the user's home says no.
Its code falls back to a stub where the package that sends is missing, so here that package is
missing. The package `engines` imports this first, hence before any openvino.
"""

from __future__ import annotations

import sys

PACKAGE = "openvino_telemetry"

sys.modules[PACKAGE] = None  # type: ignore[assignment]  # how the import system says "not there"
