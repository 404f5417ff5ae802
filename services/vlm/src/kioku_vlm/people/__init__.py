"""Who may be on a picture, asked of `face` each time and never kept here."""
