"""
Whether what listens on a port of this container lives: the health checks of docker-compose.yml.

A fleet that waits for its contact address listens on nothing, and is well.
"""

from __future__ import annotations

import os
import sys
import urllib.request

WATCH = "9464"

port = sys.argv[1]
if port != WATCH or os.environ.get("FLEET_CONTACT_URL"):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz/live", timeout=8) as answer:
        sys.exit(0 if answer.status == 200 else 1)
