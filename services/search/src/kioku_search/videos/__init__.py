"""Videos, their frames and how far they are."""
