"""
The dossier for a judge: one ZIP with a PDF to read, the exhibits, and what proves them.

`builder` makes it; `verifier.py` is copied into each and checks it without us.
"""
