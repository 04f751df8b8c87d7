"""*Premiers pas*: what a new site still lacks until its first order, each with the page that does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_db.published import CARD, read_published
from intergestan_exchange.listing.first_steps import FirstOrder, propose_first_order, read_first_steps
from services.console.access.rights import may
from services.console.visit import Visit

PATH: Final = "/commencer"
STEPS: Final = 6
OTHER: Final = {"fr": "en", "en": "fr"}


def show(visit: Visit) -> Response:
    """All of them; the first that is missing is the next one."""
    with visit.database.read() as connection:
        steps = read_first_steps(connection)
        words = _own_words(connection)
        proposed = propose_first_order(connection)
    done = {
        "site": True,
        "you": True,
        "mail": steps.mail,
        "partner": steps.partner,
        "products": steps.product,
        "order": steps.sent,
    }
    return visit.html(
        "beginning/steps.html",
        steps=steps,
        done=done,
        count=sum(done.values()),
        of=STEPS,
        next=next((name for name, is_done in done.items() if not is_done), None),
        words=words,
        entry=_entry(proposed),
        other=OTHER[visit.language],
        may_accounts=may(Right.SET_ACCOUNTS, visit.person),
        may_partners=may(Right.SET_PARTNERS, visit.person),
        may_products=may(Right.SET_PRODUCTS, visit.person),
        may_send=may(Right.SEND_ORDERS, visit.person),
    )


def _entry(proposed: FirstOrder) -> str:
    """The address at which an order is entered, with what is proposed for it."""
    asked = [] if proposed.supplier is None else [("fournisseur", proposed.supplier)]
    asked += [("produit", code) for code in proposed.products]
    return "/commandes/nouvelle" + (f"?{urlencode(asked)}" if asked else "")


def _own_words(connection: Connection) -> Mapping[str, tuple[str, ...]] | None:
    """The twelve words of our key by language, for the telephone; None: the site never published its card."""
    from intergestan_msg.card import read_card

    card = read_published(connection, CARD)
    return None if card is None else {language: tuple(read_card(card).key.words(language)) for language in OTHER}
