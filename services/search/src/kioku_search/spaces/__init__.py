"""Embedding spaces, their life and what fills them."""
