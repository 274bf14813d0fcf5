"""Reviews of pull requests."""
