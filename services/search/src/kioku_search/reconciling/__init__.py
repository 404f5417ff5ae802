"""What should be there compared with what is."""
