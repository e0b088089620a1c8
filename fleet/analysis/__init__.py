"""Sampling plan, samples, rates, changes, care and events: pure, no I/O."""
