"""kioku_embedder package."""
