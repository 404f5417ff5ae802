"""What pictures announce, read in this process, without any server."""
