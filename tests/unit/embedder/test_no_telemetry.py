"""Nothing that the engines bring along speaks to the world outside."""

from __future__ import annotations

import subprocess
import sys

LOOK = """
import kioku_embedder.engines.openvino_graph
from openvino.tools.ovc import telemetry_utils
print(telemetry_utils.tm.__name__)
"""


def test_openvino_has_nobody_to_tell() -> None:
    """With the engine imported, OpenVINO's converter holds its own stub instead of a sender."""
    said = subprocess.run(
        [sys.executable, "-c", LOOK], capture_output=True, text=True, check=True, timeout=120
    )
    assert "openvino.tools.ovc.telemetry_stub" == said.stdout.strip()
