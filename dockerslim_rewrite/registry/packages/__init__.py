"""What indexes of packages have: read from their own interfaces, never by installing anything."""
