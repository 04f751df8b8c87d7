"""What an address of the stock says, typed by hand, where no stock is managed."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_operations.language.wording import translated
from intergestan_runtime.said import marked
from services.console.access.rights import may
from services.console.visit import Visit

_TEXT = marked(
    "This is of use where the site manages its stock: «Manage the stock» in the settings of the dossier switches it "
    "on, which an administrator may do."
)
_WORD = marked("Settings of the dossier")


def stock_off(visit: Visit, heading: str) -> Response | None:
    """That page; None: stock is managed.

    :param heading: of the page that is not of use, as a message of the catalogue.
    """
    if visit.site.standing.manages_stock:
        return None
    say = partial(translated, language=visit.language)
    may_switch = may(Right.SET_RULES, visit.person)
    return visit.html(
        "not_in_use.html",
        heading=say(heading),
        text=say(_TEXT),
        to_dossier="/reglages/dossier" if may_switch else "",
        word=say(_WORD),
    )
