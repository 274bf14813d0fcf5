"""The judge's reading of stages that were split or flattened."""
