"""Brings a folder of pictures into a stack: every picture once, however often it is run."""
