"""What the judge asks of any program: observations, instructions, comments, the verdict."""
