"""Where an electronic document for a firm goes, and in which country it is: from the numbers that identify it.

The schemes are those of Peppol's list of electronic addresses (EAS).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

SIRET: Final = "0009"
SIREN: Final = "0002"
FRENCH_VAT: Final = "9957"

_VAT: Final[Mapping[str, str]] = {
    "AD": "9922",
    "AL": "9923",
    "AT": "9914",
    "BA": "9924",
    "BE": "9925",
    "BG": "9926",
    "CH": "9927",
    "CY": "9928",
    "CZ": "9929",
    "DE": "9930",
    "DK": "0184",
    "EE": "9931",
    "EL": "9933",
    "ES": "9920",
    "FI": "0213",
    "FR": FRENCH_VAT,
    "GB": "9932",
    "GR": "9933",
    "HR": "9934",
    "HU": "9910",
    "IE": "9935",
    "IT": "0211",
    "LI": "9936",
    "LT": "9937",
    "LU": "9938",
    "LV": "9939",
    "MC": "9940",
    "ME": "9941",
    "MK": "9942",
    "MT": "9943",
    "NL": "9944",
    "PL": "9945",
    "PT": "9946",
    "RO": "9947",
    "RS": "9948",
    "SI": "9949",
    "SK": "9950",
    "SM": "9951",
    "TR": "9952",
    "VA": "9953",
    "XI": "9932",
}
"""The scheme of a VAT number, by the letters with which it begins."""
_COUNTRIES: Final = {"EL": "GR", "XI": "GB"}
"""Where these letters are not those of ISO 3166-1."""
_OF_SWEDEN: Final = re.compile(r"SE(\d{10})01")


def address_of(siret: str | None, vat_id: str | None) -> tuple[str, str] | None:
    """The scheme and the number under which a firm is addressed: by SIRET, else by VAT number; None without either."""
    if siret:
        return SIRET, siret
    if not vat_id:
        return None
    swedish = _OF_SWEDEN.fullmatch(vat_id)
    if swedish is not None:
        return "0007", swedish[1]
    scheme = _VAT.get(vat_id[:2])
    return (scheme, vat_id) if scheme is not None else None


def country_of(siret: str | None, vat_id: str | None) -> str | None:
    """The country that these numbers are of (ISO 3166-1 alpha-2)."""
    if siret:
        return "FR"
    letters = (vat_id or "")[:2]
    if letters in _VAT or letters == "SE":
        return _COUNTRIES.get(letters, letters)
    return None
