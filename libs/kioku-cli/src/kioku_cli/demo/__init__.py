"""The main job shown end to end on one machine, with numbers."""
