"""What package managers install, read, cache and leave behind."""
