"""SIRET, SIREN and VAT numbers as people write them: read, and checked, in one place. Pure.

A number of a wrong form is refused. A wrong check digit is only told, because the site may know better: some numbers
of authorities and of firms that were merged do not follow the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from intergestan_db.problem import Problem, ProblemCode

_SEPARATORS = re.compile(r"[\s.\-]")
_SIRET = re.compile(r"[0-9]{14}")
_SIREN = re.compile(r"[0-9]{9}")
_VAT = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,13}")


def compact(text: str) -> str:
    """A number without what people write between its digits: `732 829 320 00074`, `fr 44.732.829.320`."""
    return _SEPARATORS.sub("", text).upper()


def check_siret(number: str) -> None:
    """Refuse what is not 14 digits and nothing else.

    :raises Problem: with the number.
    """
    if not _SIRET.fullmatch(number):
        raise Problem(
            "«{siret}» is not a SIRET: it has 14 digits and nothing else.", ProblemCode.NO_VALUE, siret=number
        )


def check_vat(number: str) -> None:
    """Refuse what cannot be a VAT number of any country.

    :raises Problem: with the number.
    """
    if not _VAT.fullmatch(number):
        raise Problem(
            "«{vat}» is not a VAT number: it has two capital letters, then digits or letters, no spaces.",
            ProblemCode.NO_VALUE,
            vat=number,
        )


def read_siret(text: str) -> str:
    """The 14 digits of a SIRET as a person writes it.

    :raises Problem: when it has others.
    """
    number = compact(text)
    check_siret(number)
    return number


def read_vat(text: str) -> str:
    """A VAT number as a person writes it, with its country's letters.

    :raises Problem: when it cannot be one.
    """
    number = compact(text)
    check_vat(number)
    return number


def read_siren(text: str) -> str:
    """The 9 digits of a SIREN as a person writes it.

    :raises Problem: when it has others.
    """
    number = compact(text)
    if not _SIREN.fullmatch(number):
        raise Problem(
            "«{siren}» is not a SIREN: it has 9 digits and nothing else. Nothing was changed.",
            ProblemCode.NO_VALUE,
            siren=number,
        )
    return number


def check_siren(siren: str | None, siret: str | None) -> None:
    """Refuse the SIREN of another firm than that of the SIRET, where both are known.

    :raises Problem: with both.
    """
    if siren is not None and siret is not None and not siret.startswith(siren):
        raise Problem(
            "The SIRET {siret} is not of the firm with the SIREN {siren}, for it would begin with that. Nothing was "
            "changed.",
            ProblemCode.NO_VALUE,
            siret=siret,
            siren=siren,
        )


def doubts(siret: str | None, vat: str | None, siren: str | None = None) -> Iterator[Problem]:
    """What looks like a typing error in numbers of the right form, as sentences for the person."""
    from stdnum.eu import vat as of_europe
    from stdnum.fr import siren as of_firms
    from stdnum.fr import siret as of_france

    if siren is not None and not of_firms.is_valid(siren):
        yield Problem(
            "Warning: the check digit of the SIREN {siren} is wrong. A typing error?", ProblemCode.DOUBT, siren=siren
        )
    if siret is not None and not of_france.is_valid(siret):
        yield Problem(
            "Warning: the check digit of the SIRET {siret} is wrong. A typing error?", ProblemCode.DOUBT, siret=siret
        )
    if vat is None:
        return
    if vat[:2].lower() in {*of_europe.MEMBER_STATES, "el"} and not of_europe.is_valid(vat):
        yield Problem(
            "Warning: the VAT number {vat} does not exist like this. A typing error?", ProblemCode.DOUBT, vat=vat
        )
    elif siret is not None and vat[:2] == "FR" and vat[4:] != siret[:9]:
        yield Problem(
            "Warning: the VAT number {vat} is not that of the firm with the SIRET {siret}. A typing error?",
            ProblemCode.DOUBT,
            vat=vat,
            siret=siret,
        )
