"""Several lists that become one answer."""
