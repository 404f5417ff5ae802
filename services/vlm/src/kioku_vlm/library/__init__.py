"""What an owner sees of their observations and entries."""
