"""Chromium: found, started, pooled, ended."""
