"""Numbers of firms that look like typing errors, told to whoever enters them."""

from __future__ import annotations

from services.cli.output import say
from services.cli.shown import sentence


def say_doubts(siret: str | None, vat: str | None) -> None:
    """Say what looks wrong; nothing is refused."""
    from intergestan_erp.parties.company_numbers import doubts

    for problem in doubts(siret, vat):
        say(sentence(problem))
