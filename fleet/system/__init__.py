"""The machine: clock, resources, state files, bounded waiting."""
