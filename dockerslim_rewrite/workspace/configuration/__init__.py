"""What a repository wants of the rewriter: files, environment and command line, and which of them counts."""
