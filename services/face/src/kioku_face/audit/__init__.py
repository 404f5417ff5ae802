"""The audit of face data: read, sealed, verified."""
