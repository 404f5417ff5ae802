"""The adapters behind the port `kioku_embedder.engine`, and what chooses and proves them."""
