"""Benchmarks: what a visit of the fleet costs beside the plainest script that does the same."""
