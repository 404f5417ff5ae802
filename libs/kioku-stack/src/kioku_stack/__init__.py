"""kioku_stack package."""
