"""Who builds which Dockerfile, and how the images run: one reader a kind of file, one record for all."""
