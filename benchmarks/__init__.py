"""Measurements of the rewriter beside its peers, on the same real files in the same run."""
