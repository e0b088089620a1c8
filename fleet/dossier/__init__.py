"""
The dossier for a judge: one ZIP with a PDF to read, the pieces, and what proves them.

`make` makes it; `verify.py` is copied into each as `verifier.py` and checks it without us.
"""

from fleet.dossier.collect import Order
from fleet.dossier.make import Made, make

__all__ = ["Made", "Order", "make"]
