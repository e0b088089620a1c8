"""Finds, checks and writes scenario files."""
