"""Dates, times of day and recurrence in Japanese and English text."""
