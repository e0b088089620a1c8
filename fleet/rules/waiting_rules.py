"""
The wording of virtual waiting rooms, and of sites that say they are full, as data.

As in `wall_rules`, with the same marks for sources. A queue of people in a building is none: so
plain words need others beside them that speak of a page, a browser or a number in the queue.
"""

from __future__ import annotations

from fleet.models import Verdict
from fleet.rules.wall_rules import WallRule

_ANY = "other"
_PAGES = (
    "redirig",
    "actualis",
    "rafraîch",
    "recharg",
    "ne fermez pas",
    "accéder au site",
    "accès au site",
    "accès au service",
    "accéder au service",
    "internautes",
    "très fréquenté",
    "vous êtes dans la file",
    "vous êtes en file",
)
"""Words by which a queue says that it is one of browsers."""

_WAITS = (
    "temps d'attente",
    "votre tour",
    "redirig",
    "patient",
    "actualis",
    "rafraîch",
    "devant vous",
)


def _room(
    sentence: str,
    room: str = _ANY,
    *,
    late: bool = False,
    whole: bool = True,
    beside: tuple[str, ...] = (),
) -> WallRule:
    return WallRule(
        sentence, beside=beside, whole=whole, late=late, verdict=Verdict.OVERLOAD, room=room
    )


_LATER = ("réessa", "ultérieurement", "renouvel", "plus tard")


def _full(sentence: str, *, beside: tuple[str, ...] = ()) -> WallRule:
    return WallRule(sentence, beside=beside, late=True, verdict=Verdict.OVERLOAD)


WAITING_ROOMS = (
    _room("You are now in line", beside=("Queue-it",), room="queue-it"),  # [I]
    _room("You are now in line", beside=("Cloudflare",), room="cloudflare"),  # [V]
    _room("You are now in line"),  # [V] Cloudflare, [I] Queue-it
    _room("You're now in line"),  # [I]
    _room("You are in line"),  # [I]
    _room("You are in the waiting room"),  # [I]
    _room("We are experiencing a high volume of", whole=False, beside=("in line", "wait")),  # [I]
    _room("You are in the queue", beside=("wait", "turn")),  # [I]
    _room("You are in a virtual waiting room"),  # [I]
    _room("You have been placed in a queue"),  # [I]
    _room("You are now in the waiting room"),  # [I]
    _room("Virtual Waiting Room", beside=("wait time", "in line", "your turn")),  # [I]
    _room("Waiting Room", beside=("wait time", "in line", "your turn", "Cloudflare")),  # [V]
    _room("Your estimated wait time"),  # [V] Cloudflare, [I] Queue-it
    _room("Vous êtes maintenant dans la file d'attente", beside=("Queue-it",), room="queue-it"),
    _room("Vous êtes maintenant dans la file d'attente"),  # [I], as those below
    _room("Vous êtes désormais dans la file d'attente"),
    _room("Vous êtes dans la file d'attente", beside=_WAITS),
    _room("Vous êtes en file d'attente", beside=_WAITS),
    _room("Vous êtes dans une file d'attente virtuelle"),
    _room("Vous êtes dans la file d'attente virtuelle"),
    _room("Vous avez été placé dans une file d'attente", beside=_WAITS),
    _room("Vous êtes en salle d'attente", beside=_WAITS),
    _room("Vous êtes dans la salle d'attente", beside=_WAITS),
    _room("Vous êtes dans une salle d'attente virtuelle"),
    _room("Vous êtes actuellement dans la file d'attente", beside=_WAITS),
    _room("Vous êtes actuellement dans une file d'attente", whole=False, beside=_WAITS),
    _room("Vous êtes actuellement en file d'attente", beside=_WAITS),
    _room("Vous êtes en attente d'accès au site", whole=False),
    _room("Bienvenue dans la salle d'attente virtuelle", whole=False),
    _room("Votre position dans la file d'attente", late=True, beside=("redirig", "actualis")),
    _room("Salle d'attente virtuelle", beside=_PAGES),
    _room("File d'attente virtuelle", beside=_PAGES),
    _room("Salle d'attente", beside=_PAGES, late=True),
    _room("File d'attente", beside=_PAGES, late=True),
    _room("Votre temps d'attente estimé", late=True),
    _room("Votre place dans la file d'attente", late=True, whole=False, beside=_PAGES),
    _room("Merci de patienter, vous êtes le … dans la file d'attente", late=True),
    _room("Vous êtes le … dans la file d'attente", late=True),
    _room("La file d'attente n'a pas encore commencé", beside=("placé", "Queue-it")),
    _room("La file d'attente est … suspendue", beside=("votre place", "Queue-it")),
    _room("L'accès au site se fait par une file d'attente virtuelle", late=True),
    _room("Pour garantir … file d'attente virtuelle", late=True, beside=("votre tour",)),
    _room("You are now in line for", whole=False, beside=("in line ahead", "number in line")),
    _room("Vous êtes dans la file", beside=("Queue-Fair", "votre position"), late=True),
    _room("Le site est actuellement très fréquenté", beside=_WAITS),
    _room("Le site est actuellement fortement sollicité", beside=_WAITS),
    _room("Notre site est actuellement très fréquenté", beside=_WAITS),
    _room("Le service est actuellement très sollicité", beside=_WAITS),
    _room("Le site connaît actuellement une forte affluence", beside=_WAITS),
    _room("Le site connaît une forte affluence", beside=_WAITS),
    _room("Le site connaît une très forte affluence", beside=_WAITS),
    _room("Trop de visiteurs", beside=_WAITS, late=True),
    _room("En raison d'un grand nombre de visiteurs", beside=_WAITS, late=True),
    _room("En raison d'un grand nombre de connexions", beside=_WAITS, late=True),
    _room("En raison d'une forte affluence", beside=_WAITS, late=True),
)

FULL = (
    # sites that say they are full, and have no queue [I]
    _full("Site momentanément saturé"),
    _full("Site saturé", beside=_LATER),
    _full("Service momentanément saturé"),
    _full("Service saturé", beside=_LATER),
    _full("Vous êtes nombreux à … connecter", beside=_LATER),
    _full("Vous êtes nombreux à … accéder", beside=_LATER),
    _full("Le nombre maximum d'utilisateurs connectés est atteint"),
    _full("Le nombre maximum de connexions … atteint"),
    _full("504 Gateway Timeout"),
)

WAITING_HOSTS = {
    "queue-it.net": "queue-it",  # [V]
    "queue-fair.net": "queue-fair",  # [V]
    "crowdhandler.com": "crowdhandler",  # [V]
}
"""Hosts that serve nothing but waiting rooms."""
