"""The web pages on which anyone browses the evidence: `create_app` in `app.py`."""
