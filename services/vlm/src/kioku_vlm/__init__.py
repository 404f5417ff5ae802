"""Schedules, themes and people's descriptions, read from pictures."""
