"""What the project's Python code does when it runs, read with ``ast``; nothing of it is executed."""
