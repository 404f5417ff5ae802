"""kioku_search package."""
