"""Dockerfiles in Python string literals, found and rewritten where they stand."""
