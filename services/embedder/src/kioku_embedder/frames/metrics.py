"""Promise: every metric of the frames worker is declared here, and nowhere else."""

from __future__ import annotations

from kioku_rt.reasons import Reason
from prometheus_client import Counter, Gauge, Histogram

FRAMES = Counter("kioku_frames_cut", "Frames that were cut and stored.")
VIDEOS = Counter(
    "kioku_frames_videos", "Videos that came to an end, by reason; OK when cut.", ["reason"]
)
IN_HAND = Gauge("kioku_frames_videos_in_hand", "Videos that are being cut.")
SECONDS = Histogram(
    "kioku_frames_video_seconds",
    "Time from fetching a video to its last frame's announcement.",
    buckets=(0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600),
)


class Metrics:
    """Books what the use case and the consumer tell."""

    def stored(self, frames: int) -> None:
        """So many more frames lie in the store."""
        FRAMES.inc(frames)

    def ended(self, reason: Reason | None) -> None:
        """A video was cut, or failed for that reason."""
        VIDEOS.labels(reason.value if reason else "OK").inc()
