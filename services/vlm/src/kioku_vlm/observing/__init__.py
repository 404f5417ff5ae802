"""From bytes to a stored observation: hear of a picture, read it once, store what it says."""
