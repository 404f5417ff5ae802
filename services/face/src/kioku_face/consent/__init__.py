"""What people agreed to, and how everything that is held of them is forgotten."""
