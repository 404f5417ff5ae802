"""SQL of the schema `face`, in order."""
