"""From a page that was read to what it announces, by rules."""

from kioku_vlm.rules.announcing import announce

__all__ = ["announce"]
