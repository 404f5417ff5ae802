"""A model from a local folder, in a process of its own."""
