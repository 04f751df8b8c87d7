"""How far two sites' catalogues have drifted apart, and what of it would make orders fail (G05).

Orders go from a buyer to a seller: what the buyer believes to pay (its purchase price) must be what the seller
asks (its sale price), code, unit and VAT must be the same. Two exports are compared with their values; or a
digest stands for one of them, which tells no values: it may travel to partners whose business they are not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from intergestan_db.problem import Fault, FileProblems
from intergestan_erp.catalogue.catalogue import ProductRow
from intergestan_msg.identity import nfc
from intergestan_msg.money import plain
from intergestan_msg.unit_factors import factor

_TITLE = "intergestan-catalogue-digest 1"
_HEAD = re.compile(_TITLE.replace(" ", "[ ]") + r" (\S+) ([0-9a-f]{64})")
_LINE = re.compile(r"((?:[0-9a-f]{8}|-{8}){5}) (\S.*)")


class Drift(StrEnum):
    """What differs between two catalogues."""

    UNKNOWN = "unknown"
    NAME = "name"
    UNIT = "unit"
    PRICE = "price"
    VAT = "vat"


@dataclass(frozen=True, slots=True)
class Features:
    """What counts of a product, as texts, or as 8 hexadecimal digits each in a digest; None: nothing stands there."""

    name: str | None
    unit: str | None
    sale_price: str | None
    purchase_price: str | None
    vat: str | None


@dataclass(frozen=True, slots=True)
class Digest:
    """A catalogue's active products by code; `site` is the code of its site.

    :ivar is_hashed: whether the features are hashes, which say that something differs but not what it is.
    """

    site: str
    products: Mapping[str, Features]
    is_hashed: bool = True


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far prices may lie apart, per unit and in percent of the seller's, the wider of the two."""

    absolute: Decimal = Decimal("0.01")
    percent: Decimal = Decimal(0)

    def allows(self, seller: Decimal, buyer: Decimal) -> bool:
        """Whether an order at the buyer's price passes."""
        return abs(seller - buyer) <= max(self.absolute, seller * self.percent / 100)


@dataclass(frozen=True, slots=True)
class Difference:
    """One product, one difference; without values where one side is a digest.

    :ivar fails: whether an order for the product would be held or refused by the seller's usual policy.
    """

    code: str
    drift: Drift
    fails: bool
    ours: str | None = None
    theirs: str | None = None


def stated(site: str, rows: Iterable[ProductRow]) -> Digest:
    """A catalogue with its values, to be compared. Products out of use are left out: nobody can order them."""
    return Digest(site, {row.code: _features(row) for row in rows if row.active}, is_hashed=False)


def digest(site: str, rows: Iterable[ProductRow]) -> Digest:
    """The same as hashes: 32 bits for each feature, which tell equal from different and nothing else at sight."""
    return _hashed(stated(site, rows))


def write_digest(its: Digest) -> str:
    """A digest as text: a head with the site and the hash of what follows, then a line per product."""
    lines = [f"{_line(features)} {code}\n" for code, features in sorted(its.products.items())]
    body = "".join(lines)
    return f"{_TITLE} {its.site} {hashlib.sha256(body.encode()).hexdigest()}\n{body}"


def is_digest(data: bytes) -> bool:
    """Whether these bytes mean to be a digest."""
    return data.startswith(_TITLE.encode())


def read_digest(file: str, data: bytes) -> Digest:
    """The digest of a text.

    :raises FileProblems: when it was altered, cut, or is no digest.
    """
    try:
        head, _, body = data.decode().replace("\r\n", "\n").partition("\n")
    except UnicodeDecodeError:
        head, body = "", ""
    found = _HEAD.fullmatch(head.rstrip())
    lines = [_LINE.fullmatch(line) for line in body.split("\n")[:-1]]
    if found is None or found[2] != hashlib.sha256(body.encode()).hexdigest() or None in lines:
        raise FileProblems(file, [Fault(None, None, "The digest was altered or cut on its way: fetch it again.")])
    return Digest(found[1], {nfc(line[2]): _parsed(line[1]) for line in lines if line is not None})


def compare(ours: Digest, theirs: Digest, *, we_buy: bool, tolerance: Tolerance | None = None) -> Iterator[Difference]:
    """Every difference that bears on orders between the two, by code.

    A product that only the seller has is none: nobody orders it. Prices are compared where the buyer has one.

    :param we_buy: whether the orders are ours to them; else theirs to us.
    :param tolerance: for prices; of digests only equality can be told.
    """
    if ours.is_hashed != theirs.is_hashed:
        ours, theirs = _hashed(ours), _hashed(theirs)
    buyer, seller = (ours, theirs) if we_buy else (theirs, ours)
    for code, wanted in sorted(buyer.products.items()):
        offered = seller.products.get(code)
        if offered is None:
            yield Difference(code, Drift.UNKNOWN, fails=True)
            continue
        for drift, bought, sold, fails in _pairs(wanted, offered, tolerance or Tolerance(), hashed=ours.is_hashed):
            values = (None, None) if ours.is_hashed else (bought, sold) if we_buy else (sold, bought)
            yield Difference(code, drift, fails, *values)


def _pairs(
    wanted: Features, offered: Features, tolerance: Tolerance, *, hashed: bool
) -> Iterator[tuple[Drift, str | None, str | None, bool]]:
    """What differs, with the buyer's value, the seller's, and whether that stops an order.

    Prices are compared where units are the same, or can be converted.
    """
    if wanted.name != offered.name:
        yield Drift.NAME, wanted.name, offered.name, False
    same_unit = wanted.unit == offered.unit
    times = Fraction(1) if same_unit else None if hashed else factor(wanted.unit or "", offered.unit or "")
    if not same_unit:
        yield Drift.UNIT, wanted.unit, offered.unit, times is None
    paid, asked = wanted.purchase_price, offered.sale_price
    if paid is not None and asked is not None and times is not None and (paid != asked or times != 1):
        passes = not hashed and tolerance.allows(_times(asked, times), Decimal(paid))
        if not passes or times == 1:
            yield Drift.PRICE, paid, asked, not passes
    if wanted.vat != offered.vat:
        yield Drift.VAT, wanted.vat, offered.vat, True


def _times(price: str, times: Fraction) -> Decimal:
    """What the buyer's unit costs, of which one is so many of the seller's."""
    return Decimal(price) * times.numerator / times.denominator


def _features(row: ProductRow) -> Features:
    return Features(
        name=" ".join(row.name.split()),
        unit=row.unit,
        sale_price=plain(row.sale_price),
        purchase_price=None if row.purchase_price is None else plain(row.purchase_price),
        vat=plain(row.vat_rate),
    )


def _hashed(its: Digest) -> Digest:
    if its.is_hashed:
        return its
    return Digest(its.site, {code: _hash_each(features) for code, features in its.products.items()})


def _hash_each(features: Features) -> Features:
    values = (getattr(features, each.name) for each in fields(features))
    return Features(*(None if value is None else hashlib.sha256(value.encode()).hexdigest()[:8] for value in values))


def _line(features: Features) -> str:
    return "".join(getattr(features, each.name) or "-" * 8 for each in fields(features))


def _parsed(line: str) -> Features:
    parts = [line[start : start + 8] for start in range(0, len(line), 8)]
    return Features(*(None if part == "-" * 8 else part for part in parts))
