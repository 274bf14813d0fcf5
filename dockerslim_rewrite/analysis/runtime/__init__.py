"""What a container starts, and what that needs of the image."""
