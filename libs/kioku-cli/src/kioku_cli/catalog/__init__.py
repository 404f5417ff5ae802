"""Catalogues: what their owners wrote about the pictures becomes tags."""
