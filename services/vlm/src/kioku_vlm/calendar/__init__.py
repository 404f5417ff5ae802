"""iCalendar, JSON and evidence pages of a schedule."""
