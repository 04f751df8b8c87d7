"""Catalogues for tests: any that a base can hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from intergestan_erp.catalogue.catalogue import ProductRow
from intergestan_erp.catalogue.whole_catalogue import Catalogue, Component, Family, Subfamily
from intergestan_erp.inputs.identifiers import is_error
from intergestan_msg.identity import nfc
from tests.erp.inputs.plain_reader import NO_VALUE

_NO_VALUE = {each.upper() for each in NO_VALUE}
CODES = (
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=12)
    .filter(lambda code: "E+" not in code.upper())  # what spreadsheets make of long numbers
    .filter(lambda code: not is_error(code) and code.upper() not in _NO_VALUE)
    .map(nfc)
)
"""Codes as a base has them."""
NAMES = (
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cn", "Co")) | st.just("\n"), min_size=1, max_size=40
    )
    .map(str.strip)
    .filter(lambda name: name != "" and not is_error(name))
)
FIGURES = st.integers(0, 10**17).map(lambda digits: Decimal(digits).scaleb(-6)) | st.sampled_from(
    [Decimal(0), Decimal("12.5"), Decimal("0.000001"), Decimal("5.5"), Decimal(20)]
)
VAT = st.sampled_from(
    [
        {"vat_category": category, "vat_rate": Decimal(rate)}
        for category, rate in (("S", "20"), ("S", "5.5"), ("S", "0.9"), ("S", "100"), ("Z", "0"), ("AE", "0"))
    ]
)


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    families = draw(st.dictionaries(CODES, NAMES, max_size=3))
    subfamilies: dict[str, tuple[str, str]] = {}
    if families:
        homes = st.sampled_from(sorted(families))
        subfamilies = draw(st.dictionaries(CODES, st.tuples(NAMES, homes), max_size=3))
    products = draw(st.dictionaries(CODES, _products(sorted(families), subfamilies), max_size=6))
    codes = sorted(products)
    pairs = [(one, other) for index, one in enumerate(codes) for other in codes[index + 1 :]]
    made = draw(st.dictionaries(st.sampled_from(pairs), FIGURES, max_size=4)) if pairs else {}
    return Catalogue(
        families=tuple(Family(code, families[code]) for code in sorted(families)),
        subfamilies=tuple(Subfamily(code, *subfamilies[code]) for code in sorted(subfamilies)),
        products=tuple(ProductRow(code=code, **products[code]) for code in codes),
        components=tuple(Component(*pair, made[pair]) for pair in sorted(made)),
    )


@st.composite
def _products(draw: st.DrawFn, families: list[str], subfamilies: dict[str, tuple[str, str]]) -> dict[str, Any]:
    subfamily = draw(st.none() | st.sampled_from(sorted(subfamilies))) if subfamilies else None
    family = draw(st.none() | st.sampled_from(families)) if families else None
    return {
        "name": draw(NAMES),
        "unit": draw(st.sampled_from(["C62", "KGM", "LTR"])),
        "gtin": draw(st.none() | st.sampled_from(["3012345678902", "00012345678905"])),
        "sale_price": draw(FIGURES),
        "purchase_price": draw(st.none() | FIGURES),
        **draw(VAT),
        "family": subfamilies[subfamily][1] if subfamily else family,
        "subfamily": subfamily,
        "active": draw(st.booleans()),
    }
