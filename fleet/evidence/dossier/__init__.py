"""
The dossier for a judge: one ZIP with a PDF to read, the pieces, and what proves them.

`builder` makes it; `verifier.py` is copied into each as `verifier.py` and checks it without us.
"""
