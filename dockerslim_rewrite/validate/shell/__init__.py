"""The judge's reading of RUN scripts."""
