"""Temporary folders of killed test runs do not pile up."""

import subprocess
import sys

from kioku_stack.scratch import scratch_folder

_KILLED = """
import os, signal
from kioku_stack.scratch import scratch_folder
with scratch_folder("kioku-sweep-") as folder:
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_next_folder_sweeps_what_was_left(tmp_path, monkeypatch):
    """What a killed owner left is removed, what a living one has stays."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    subprocess.run([sys.executable, "-c", _KILLED], stdout=subprocess.PIPE, check=False)
    assert len(list(tmp_path.iterdir())) == 1
    with scratch_folder("kioku-sweep-") as first, scratch_folder("kioku-sweep-") as second:
        assert set(tmp_path.iterdir()) == {first, second}
    assert list(tmp_path.iterdir()) == []
