"""Rules about the form of instructions other than the scripts of RUN."""
