"""What the project's Python code does when it runs, read with libcst; nothing of it is executed."""
