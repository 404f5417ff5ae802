"""What pictures announce, as the stack says it."""
