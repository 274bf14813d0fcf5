"""Rules about the build context: what is sent, what is missing, what must not be copied."""
