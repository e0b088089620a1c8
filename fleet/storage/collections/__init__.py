"""One module for each collection."""
