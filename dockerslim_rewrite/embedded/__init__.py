"""Dockerfiles in strings of other files, found and rewritten where they stand: Python, compose files and Bake files."""
