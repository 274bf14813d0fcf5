"""The walk through two programs, step by step, and the verdict."""
