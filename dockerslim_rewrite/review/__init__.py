"""What a pull request adds to what could be better, as suggestions on its own lines."""
