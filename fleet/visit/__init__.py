"""One attempt, from a fresh page to a verdict with its files."""
