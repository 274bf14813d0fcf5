"""The build context: what `.dockerignore` lets in, and what the project in it is, does and needs.

Nothing here writes, runs or imports what the context holds; a context is read within limits, never outside its folder.
"""
