"""A repository rather than a file: which Dockerfiles it holds, what is configured for them, and who builds them how."""
