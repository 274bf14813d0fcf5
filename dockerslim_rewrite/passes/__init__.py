"""Passes: one file each. ``PIPELINE`` below is the whole list, in the order in which phases run."""
