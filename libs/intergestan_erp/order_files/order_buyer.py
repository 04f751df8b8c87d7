"""Whether the buyer that a document names is us. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from intergestan_erp.order_files.file_order import FileBuyer
from intergestan_erp.parties.company_numbers import compact
from intergestan_erp.parties.folding import name_key
from intergestan_msg.electronic_address import FRENCH_VAT, SIREN, SIRET
from intergestan_msg.order import Identifier, Party

_SIRET_DIGITS, _SIREN_DIGITS = 14, 9
_FRENCH_VAT = re.compile(r"FR[0-9A-Z]{2}([0-9]{9})")


@dataclass(frozen=True, slots=True)
class Us:
    """The site, as it may be named in a document."""

    name: str
    siret: str | None
    vat_id: str | None


def buyer_of(party: Party) -> FileBuyer:
    """The numbers and names of a document's party."""
    found = [each for each in (party.legal_id, *party.identifiers, party.endpoint) if each is not None]
    return FileBuyer(
        sirets=_numbers(found, SIRET, _SIRET_DIGITS),
        sirens=_numbers(found, SIREN, _SIREN_DIGITS),
        vat_ids=tuple(
            dict.fromkeys(
                compact(text)
                for text in (party.vat_id, *(each.value for each in found if each.scheme == FRENCH_VAT))
                if text is not None
            )
        ),
        names=tuple(dict.fromkeys(name for name in (party.legal_name, party.name) if name)),
    )


def is_of(buyer: FileBuyer, us: Us) -> bool:
    """Whether a buyer is us: the surest kind of number that both have decides, names only where there is none."""
    siren = us.siret[:_SIREN_DIGITS] if us.siret else None
    vat_id = compact(us.vat_id) if us.vat_id else None
    if buyer.sirets and us.siret:
        return us.siret in buyer.sirets
    if buyer.vat_ids and vat_id:
        return vat_id in buyer.vat_ids
    theirs = (*buyer.sirens, *(found[1] for each in buyer.vat_ids if (found := _FRENCH_VAT.fullmatch(each))))
    if theirs and siren:
        return siren in theirs
    return name_key(us.name) in map(name_key, buyer.names)


def is_named(buyer: FileBuyer, text: str) -> bool:
    """Whether a text is one of a buyer's numbers or names."""
    return compact(text) in {*buyer.sirets, *buyer.sirens, *buyer.vat_ids} or name_key(text) in map(
        name_key, buyer.names
    )


def _numbers(found: list[Identifier], scheme: str, digits: int) -> tuple[str, ...]:
    """Those of a scheme; one that names none is of it when it has as many digits."""
    numbers = [(each.scheme, compact(each.value)) for each in found]
    fitting = (
        number
        for its, number in numbers
        if its == scheme or (its is None and number.isascii() and number.isdecimal() and len(number) == digits)
    )
    return tuple(dict.fromkeys(fitting))
