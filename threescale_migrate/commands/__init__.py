"""One module for each command. None imports another."""
