"""Questions about vectors and what finds their answers."""
