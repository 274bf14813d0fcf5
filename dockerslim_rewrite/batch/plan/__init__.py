"""A migration in shards: who owns what, a patch for each shard, its way into the repository and back."""
