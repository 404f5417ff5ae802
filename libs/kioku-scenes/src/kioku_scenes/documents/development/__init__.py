"""Designs that rules may be written by."""
