"""Which documents of the app observations became."""
