"""What a Dockerfile means: stages of steps, and image references. A read-only view of the document."""
