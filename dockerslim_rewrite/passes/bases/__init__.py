"""Rules about base images: pinned, smaller, past their end of life."""
