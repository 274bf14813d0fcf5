"""Text that we author: Jinja templates for instructions, shell fragments and whole files."""
