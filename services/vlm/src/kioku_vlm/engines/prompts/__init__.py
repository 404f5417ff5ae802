"""What models are told, as text, and what they may answer, as JSON Schema."""
