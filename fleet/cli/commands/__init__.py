"""
What the commands do, once `cli/app.py` has read the command line.

Each gives True when it is done and False when a person interrupted it.
"""
