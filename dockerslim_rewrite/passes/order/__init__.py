"""Rules about the order of instructions, for the build cache."""
