"""Dates, times of day and recurrence in Japanese and English text."""

from kioku_vlm.dates.finding import find_clocks, find_moments, within
from kioku_vlm.dates.moment import Anchor, Clock, Cue, Moment

__all__ = ["Anchor", "Clock", "Cue", "Moment", "find_clocks", "find_moments", "within"]
