"""Who belongs together: faces are linked by likeness, or grouped under an anonymous id."""
