"""Contact sheets: one HTML file with small pictures in it that needs nothing else."""
