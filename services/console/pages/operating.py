"""What all pages of *Exploitation* share: the row of its parts above, each for those who may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from intergestan_db.enums import Right
from intergestan_db.problem import Act
from intergestan_runtime.said import marked
from services.console.access.rights import Access, may
from services.console.visit import Visit

PIPELINE, MAILBOXES, RELAY, REPLAY, PURGE, DIAGNOSIS = (
    *("/exploitation", "/exploitation/boites", "/exploitation/relais"),
    *("/exploitation/rejeu", "/exploitation/purge", "/exploitation/diagnostic"),
)

Link = tuple[str, str]
"""A word and a path."""

_PLACES: Final[Mapping[Act, tuple[str, str, Access | Right]]] = {
    Act.ADD_MAILBOX: (marked("Add a mailbox"), "/comptes/boites/nouvelle", Right.SET_ACCOUNTS),
    Act.LIST_HOLDS: (marked("To do"), "/a-traiter", Access.SEE),
    Act.LIST_MAILBOXES: (marked("Mailboxes"), MAILBOXES, Access.SEE),
    Act.LIST_PARTNERS: (marked("Partners"), "/correspondants", Access.SEE),
    Act.LIST_UNANSWERED: (marked("Orders without an answer"), "/commandes?etat=en-attente", Access.SEE),
    Act.CHECK_SITE: (marked("Diagnosis"), DIAGNOSIS, Right.OPERATE),
    Act.SHOW_RELAY: (marked("Outgoing server"), RELAY, Access.SEE),
    Act.CONFIRM_KEY: (marked("To do"), "/a-traiter", Access.SEE),
    Act.RESEND_MAIL: (marked("Mails sent"), "/envois", Access.SEE),
    Act.LIST_PRODUCTS: (marked("Products"), "/produits", Access.SEE),
    Act.LIST_PARTIES: (marked("Third parties"), "/tiers", Access.SEE),
    Act.SET_RELAY: (marked("Change or test"), "/comptes/relais", Right.SET_ACCOUNTS),
    Act.SHOW_STATEMENT: (marked("Partners"), "/correspondants", Access.SEE),
    Act.RESUME_BOOKING: (marked("Partners"), "/correspondants", Access.SEE),
    Act.REPLAY_ALL: (marked("Replay"), REPLAY, Right.OPERATE),
    Act.SHOW_STATUS: (marked("The way of orders"), PIPELINE, Access.SEE),
    Act.TEST_MAILBOX: (marked("Mailboxes"), MAILBOXES, Access.SEE),
}
"""Where a page does what is to be done. What is not here is done on the machine of the site."""


def links(visit: Visit, acts: Iterable[Act], about: str = "") -> list[Link]:
    """Where this person does these acts; each place once, and not where they are.

    :param about: the mailbox that it is about, for what leads to one.
    """
    found: dict[str, str] = {}
    for act in acts:
        if act not in _PLACES:
            continue
        word, path, access = _PLACES[act]
        if act is Act.TEST_MAILBOX and about:
            path = f"/exploitation/boite/{quote(about)}"
        if may(access, visit.person) and path != visit.request.url.path:
            found.setdefault(path, word)
    return [(word, path) for path, word in found.items()]


PARTS: Final[tuple[tuple[str, str, Access | Right], ...]] = (
    (marked("The way of orders"), PIPELINE, Access.SEE),
    (marked("Mailboxes"), MAILBOXES, Access.SEE),
    (marked("Outgoing server"), RELAY, Access.SEE),
    (marked("Replay"), REPLAY, Right.OPERATE),
    (marked("Purge"), PURGE, Right.OPERATE),
    (marked("Diagnosis"), DIAGNOSIS, Right.OPERATE),
)


def parts_of(visit: Visit, current: str) -> list[tuple[str, str, bool]]:
    """Word, path and whether it is this one, of those that this person may open."""
    return [(word, path, path == current) for word, path, access in PARTS if may(access, visit.person)]
