"""Booking platforms that many prefectures share: one module each, with `flow(...)` in it."""
