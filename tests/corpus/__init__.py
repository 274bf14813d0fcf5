"""The rewriter held against thousands of real files, by judges that are not part of it."""
