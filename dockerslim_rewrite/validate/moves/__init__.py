"""The judge's reading of instructions that change places."""
