"""The stack's infrastructure servers, each started by one command line that stays with it."""
