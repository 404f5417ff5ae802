"""Whose a face may be, and from which score on."""
