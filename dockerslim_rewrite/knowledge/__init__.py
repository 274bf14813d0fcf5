"""What is known of the world outside: package managers, base images, shells. Data files and their typed loaders."""
