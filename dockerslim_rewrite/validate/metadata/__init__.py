"""The judge's reading of metadata: ENV, LABEL, EXPOSE."""
