"""What people make of entries; it stands apart from what was read."""
