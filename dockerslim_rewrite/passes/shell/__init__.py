"""Rules about the commands in RUN scripts."""
