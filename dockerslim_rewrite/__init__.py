"""dockerslim-rewrite: an optimizing source-to-source compiler for Dockerfiles."""
