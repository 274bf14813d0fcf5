"""Thousands of Dockerfiles: rewritten in parallel, planned in shards that owners accept one by one, reported."""
