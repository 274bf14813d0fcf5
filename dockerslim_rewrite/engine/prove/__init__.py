"""Preconditions that nobody can read from the files, shown by building: see ``rounds.prove``."""
