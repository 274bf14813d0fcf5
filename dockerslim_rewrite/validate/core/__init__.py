"""The walk through two programs, and what claims license."""
