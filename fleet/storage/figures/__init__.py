"""Counts kept ready for pages: rollups, aggregations, changes."""
