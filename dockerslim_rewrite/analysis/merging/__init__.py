"""When RUN instructions may be merged and instructions change places."""
