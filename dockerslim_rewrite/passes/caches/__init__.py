"""Rules about caches and leftovers: deleted in the RUN that made them, or never written."""
