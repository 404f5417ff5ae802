"""The supervisor: a process of its own that owns the stack's children until it is told to stop."""
