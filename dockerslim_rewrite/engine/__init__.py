"""Container engines, and what only they can tell: whether two Dockerfiles build images that behave the same."""
