"""The plan of a stack: one table that launcher, Tilt and tests read."""
