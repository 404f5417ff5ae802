"""Models that read pictures and write words: behind one port, and never trusted."""
