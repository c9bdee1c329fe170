"""How the command-line clients of 2013 read their arguments and draw their tables."""
