"""The judge's reading of accounts and USER."""
