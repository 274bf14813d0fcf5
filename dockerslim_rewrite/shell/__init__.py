"""Shell scripts inside instructions: syntax trees, words, and what a command does to the shell's state."""
