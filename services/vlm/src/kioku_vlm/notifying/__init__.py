"""Telling the app of observations by signed webhooks."""
