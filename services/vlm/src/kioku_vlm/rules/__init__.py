"""From a page that was read to what it announces, by rules."""
