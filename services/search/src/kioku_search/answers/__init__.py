"""Answers that stay: pages, rankings, memory."""
