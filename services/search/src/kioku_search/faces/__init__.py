"""The vectors of faces, and who may be matched: kept here, and never given away."""
