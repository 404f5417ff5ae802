"""SQL of the schema `vlm`, in order."""
