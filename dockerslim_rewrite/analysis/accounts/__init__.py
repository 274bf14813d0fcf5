"""Accounts and their numbers."""
