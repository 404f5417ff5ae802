"""Videos to frames, on CPUs alone: nothing in here imports torch or a model's runtime."""
