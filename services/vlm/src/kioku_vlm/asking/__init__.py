"""ExtractSchedule and ReanalyseAsset: what a caller wants read, now."""
