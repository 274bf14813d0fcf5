"""Rules that split one stage into a builder and a runtime stage, by a recipe per language."""
