"""The adapters behind the port `kioku_embedder.engine`, and what chooses and proves them."""

from kioku_embedder.engines import no_telemetry

__all__ = ["no_telemetry"]
