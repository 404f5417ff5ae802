"""kioku_cli package."""
