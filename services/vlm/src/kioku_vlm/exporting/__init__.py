"""Entries for calendars."""
