"""What would make orders between two catalogues fail (G05)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from intergestan_db.problem import FileProblems
from intergestan_erp.catalogue.catalogue import ProductRow
from intergestan_erp.catalogue.catalogue_drift import (
    Difference,
    Drift,
    Tolerance,
    compare,
    digest,
    read_digest,
    stated,
    write_digest,
)
from intergestan_erp.catalogue.whole_catalogue import Catalogue
from tests.erp.catalogue.catalogues import catalogues
from tests.site_factories import a_product

OURS = (a_product("A"), a_product("B"), a_product("C"), a_product("OLD", active=False))


def found(theirs: tuple[ProductRow, ...], **how: Any) -> list[Difference]:
    return list(compare(stated("us", OURS), stated("them", theirs), **{"we_buy": True, **how}))


def test_each_difference_and_whether_orders_fail() -> None:
    """G05: a product that only they have, or that we use no more, is none."""
    theirs = (
        replace(OURS[0], name="Autre nom", unit="KGM", vat_rate=Decimal("5.5")),
        replace(OURS[1], sale_price=Decimal("10.02"), active=True),
        a_product("D"),
    )
    assert found(theirs) == [
        Difference("A", Drift.NAME, fails=False, ours="Produit A", theirs="Autre nom"),
        Difference("A", Drift.UNIT, fails=True, ours="C62", theirs="KGM"),
        Difference("A", Drift.VAT, fails=True, ours="20", theirs="5.5"),
        Difference("B", Drift.PRICE, fails=True, ours="10", theirs="10.02"),
        Difference("C", Drift.UNKNOWN, fails=True),
    ]


def test_the_buyer_pays_what_the_seller_asks() -> None:
    """Our purchase price against their sale price for our orders; the other way round for theirs."""
    theirs = tuple(replace(row, sale_price=Decimal(15)) for row in OURS)
    assert {(each.ours, each.theirs) for each in found(theirs)} == {("10", "15")}
    assert found(theirs, we_buy=False) == []
    dear = tuple(replace(row, purchase_price=Decimal(15)) for row in OURS)
    assert found(dear) == []
    assert {(each.ours, each.theirs) for each in found(dear, we_buy=False)} == {("10", "15")}


@pytest.mark.parametrize(
    ("price", "tolerance", "fails"),
    [
        ("10.01", Tolerance(), False),
        ("10.02", Tolerance(), True),
        ("10.50", Tolerance(percent=Decimal(5)), False),
        ("11.00", Tolerance(absolute=Decimal(1)), False),
        ("11.00", Tolerance(absolute=Decimal("0.99"), percent=Decimal(9)), True),
    ],
)
def test_the_tolerance(price: str, tolerance: Tolerance, *, fails: bool) -> None:
    (difference,) = found((replace(OURS[0], sale_price=Decimal(price)), *OURS[1:]), tolerance=tolerance)
    assert (difference.drift, difference.fails) == (Drift.PRICE, fails)


@pytest.mark.parametrize(
    ("unit", "price", "expected"),
    [
        ("DZN", "120", [("unit", False)]),
        ("DZN", "10", [("unit", False), ("price", True)]),
        ("EA", "10", [("unit", False)]),
        ("EA", "10.01", [("unit", False), ("price", False)]),
        ("KGM", "99", [("unit", True)]),
    ],
)
def test_units_that_convert_do_not_stop_orders(unit: str, price: str, expected: list[tuple[str, bool]]) -> None:
    """Our piece at 10 is their twelfth of a dozen at 120; whoever sells by weight sells something else."""
    differences = found((replace(OURS[0], unit=unit, sale_price=Decimal(price)), *OURS[1:]))
    assert [(each.drift, each.fails) for each in differences] == expected


def test_without_a_purchase_price_there_is_nothing_to_compare() -> None:
    ours = stated("us", [replace(OURS[0], purchase_price=None)])
    assert list(compare(ours, stated("them", [a_product("A", "99")]), we_buy=True)) == []


@given(ours=catalogues(), theirs=catalogues())
def test_a_digest_finds_what_the_values_find(ours: Catalogue, theirs: Catalogue) -> None:
    """G05: the same products and features, whichever side is a digest, and after its travel as text."""
    text = write_digest(digest("them", theirs.products))
    travelled = read_digest("d", text.replace("\n", "\r\n").encode())
    assert travelled == digest("them", theirs.products)
    exact = Tolerance(Decimal(0))
    for we_buy in (True, False):
        full = list(
            compare(stated("us", ours.products), stated("them", theirs.products), we_buy=we_buy, tolerance=exact)
        )
        for one, other in (
            (stated("us", ours.products), travelled),
            (digest("us", ours.products), stated("them", theirs.products)),
        ):
            hashed = list(compare(one, other, we_buy=we_buy))
            assert [(each.code, each.drift, each.fails) for each in hashed] == [
                (each.code, each.drift, each.fails) for each in full
            ]
            assert {(each.ours, each.theirs) for each in hashed} <= {(None, None)}


@given(catalogues())
def test_two_sites_with_one_catalogue_differ_in_nothing(catalogue: Catalogue) -> None:
    rows = [replace(row, purchase_price=row.sale_price) for row in catalogue.products]
    for we_buy in (True, False):
        assert list(compare(digest("us", rows), digest("them", rows), we_buy=we_buy)) == []


def test_a_digest_tells_no_prices() -> None:
    text = write_digest(digest("us", [a_product("A", "1234.56", name="Secret")]))
    assert "1234" not in text.splitlines()[1]
    assert "Secret" not in text


@pytest.mark.parametrize("damage", [(" A\n", " B\n"), ("A\n", ""), ("intergestan", "Intergestan"), ("\n", "")])
def test_an_altered_digest_is_refused(damage: tuple[str, str]) -> None:
    text = write_digest(digest("us", OURS)).replace(*damage)
    with pytest.raises(FileProblems, match="altered or cut"):
        read_digest("d", text.encode())
