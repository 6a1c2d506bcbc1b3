"""A bank that exchanges files through two folders, with books of its own."""
