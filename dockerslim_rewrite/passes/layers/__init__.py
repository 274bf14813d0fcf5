"""Rules about layers: which RUN instructions become one, and what lands in the image only once."""
