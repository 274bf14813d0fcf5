"""How state flows through a build: stages, environment, directories, what may be merged or change places."""
