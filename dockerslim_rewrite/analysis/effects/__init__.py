"""What commands read, write and fetch."""
