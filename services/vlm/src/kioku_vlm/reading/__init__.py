"""From the bytes of a picture or a PDF to pages of lines, by OCR on the CPU, offline."""

from kioku_vlm.reading.opening import ReaderOptions, ReaderUnusable, open_reader

__all__ = ["ReaderOptions", "ReaderUnusable", "open_reader"]
