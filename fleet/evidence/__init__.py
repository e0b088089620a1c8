"""Seal, verify, judge again, let expire, hand to a judge."""
