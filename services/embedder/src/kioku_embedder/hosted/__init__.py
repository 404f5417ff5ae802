"""Vectors by a provider's API: off unless chosen, and within policy and budget."""
