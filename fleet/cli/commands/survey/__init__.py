"""`fleet survey`: flows visited once each, told of, and a bundle of them written and read."""
