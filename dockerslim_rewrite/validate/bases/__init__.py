"""The judge's reading of base images."""
