"""What must be there once before the services start; each job may run again and changes nothing."""
