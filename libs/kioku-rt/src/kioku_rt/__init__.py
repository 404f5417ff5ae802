"""kioku_rt package."""
