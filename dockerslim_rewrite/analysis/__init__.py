"""Facts about a build, computed once per document, lazily, read-only."""
