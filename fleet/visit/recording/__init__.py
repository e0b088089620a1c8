"""A visit recorded, redacted, played again and archived."""
