class Commits: pass
