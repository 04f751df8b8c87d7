"""Whether what an order names is known here: its buyer, its supplier, its products, who follows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property, partial

from sqlalchemy import Connection, Row, select

from intergestan_db.enums import PartyRole, PriceSide
from intergestan_db.problem import Act, Fault
from intergestan_db.tables import PriceList, Site, User
from intergestan_erp.catalogue.catalogue import code_like, products_by_code, products_by_gtin
from intergestan_erp.inputs.identifiers import is_gtin
from intergestan_erp.order_files.file_order import FileOrder, Options
from intergestan_erp.order_files.order_buyer import Us, is_named, is_of
from intergestan_erp.order_files.order_values import Around, OrderValues, Product, Products, order_values
from intergestan_erp.order_files.product_names import read_names, thing_key
from intergestan_erp.parties.folding import name_key
from intergestan_erp.parties.one_party import parties_named
from intergestan_erp.selling.prices import ListedPrice, Wanted, decide_price, read_listed
from intergestan_msg.identity import nfc
from intergestan_msg.money import ZERO
from intergestan_msg.order_rules import MAX_LINES


class OrderJudge:
    """What the base knows of all that some orders name, read in a few queries."""

    def __init__(
        self, connection: Connection, orders: Sequence[FileOrder], options: Options, establishment_id: int | None = None
    ) -> None:
        """:param establishment_id: whose price lists count (A07); None: those of the usual one."""
        self._connection = connection
        self._establishment_id = establishment_id
        self._suppliers: dict[tuple[str, ...], int | Fault] = {}
        self._orders = orders
        self._said = options.names
        self._named: dict[int, Mapping[str, Product | str]] = {}
        site = connection.execute(select(Site.name, Site.siret, Site.vat_id, Site.currency)).one()
        self._us = Us(site.name, site.siret, site.vat_id)
        self._around = Around(_products(connection, orders), site.currency, options, self._like)
        users = connection.execute(select(User.id, User.login, User.name, User.email).where(User.active))
        self._users = _by_name(users)

    def values(self, order: FileOrder, faults: list[Fault]) -> OrderValues | None:
        """The rows to write for an order; None, and faults noted, when it does not stand."""
        before = len(faults)
        self._check_buyer(order, faults)
        supplier_id = self._supplier(order, faults)
        followed_by = self._followed_by(order, faults)
        if len(order.lines) > MAX_LINES:
            faults.append(Fault(order.row, None, "An order has at most {most} lines: split it.", most=MAX_LINES))
        values = order_values(order, self._around_of(order, supplier_id), faults)
        faults[before:] = self.titled(order, faults[before:])
        if values is None or len(faults) > before:
            return None
        values.head.update(supplier_id=supplier_id, followed_by_id=followed_by)
        return values

    def _around_of(self, order: FileOrder, supplier_id: int | None) -> Around:
        """The same, with what our price lists say of lines that state no price (A07, D42)."""
        around = self._around
        if supplier_id is None:
            return around
        if any(line.only_name is not None for line in order.lines):
            around = replace(around, named=self._names_of(supplier_id))
        lines = [line for line in order.lines if line.price is None and line.amount is None]
        if not lines or not self._has_lists:
            return around
        known = around.products
        named = [known.by_code[code] for line in lines for code in line.products if code in known.by_code]
        named += [product for line in lines for product in known.with_gtin(line.gtin)]
        meant = (around.named(line.only_name) for line in lines if line.only_name is not None)
        named += [product for product in meant if product is not None and not isinstance(product, str)]
        listed = read_listed(
            *(self._connection, PriceSide.PURCHASE),
            party_id=supplier_id,
            establishment_id=self._establishment_id,
            day=order.issue_date,
            products=[(product["id"], product["family_id"]) for product in named],
        )
        return replace(around, listed=partial(_listed, listed)) if listed else around

    def _names_of(self, supplier_id: int) -> Callable[[str], Product | str | None]:
        """What the supplier's names of things mean, read once for all orders; a product out of use is as none."""
        found = self._named.get(supplier_id)
        if found is None:
            names = [line.only_name for order in self._orders for line in order.lines if line.only_name is not None]
            codes = {**read_names(self._connection, supplier_id, names), **self._said}
            there = products_by_code(self._connection, codes.values())
            products = {code: product for code, product in there.items() if product["active"]}
            found = {key: products.get(nfc(code), code) for key, code in codes.items()}
            self._named[supplier_id] = found
        return lambda name: found.get(thing_key(name))

    def said_names(self) -> Iterator[tuple[int, str, str]]:
        """What was said of names of things now and counts for a line: its supplier, the name, the product's code."""
        for order in self._orders:
            supplier_id = self._supplier(order, [])
            if supplier_id is not None:
                names = dict.fromkeys(line.only_name for line in order.lines if line.only_name is not None)
                said = ((name, self._said.get(thing_key(name))) for name in names)
                yield from ((supplier_id, name, code) for name, code in said if code is not None)

    @cached_property
    def _has_lists(self) -> bool:
        """Whether there is a price list of what we buy at all: asked once for a file."""
        there = select(PriceList.id).where(PriceList.side == PriceSide.PURCHASE).limit(1)
        return self._connection.execute(there).first() is not None

    def _like(self, code: str) -> str | None:
        """The code of a product that looks like this one."""
        return code_like(self._connection, code)

    def titled(self, order: FileOrder, faults: Iterable[Fault]) -> list[Fault]:
        """Faults that name the columns as the file does."""
        named = list(faults)
        for fault in named:
            fault.column = order.titles.get(fault.column or "", fault.column)
        return named

    def _check_buyer(self, order: FileOrder, faults: list[Fault]) -> None:
        buyer, wanted = order.buyer, self._around.options.buyer
        if buyer is None or (is_of(buyer, self._us) if wanted is None else is_named(buyer, wanted)):
            return
        place = "cac:BuyerCustomerParty"
        if not str(buyer):
            faults.append(Fault(order.row, place, "The document does not say who orders: write our name or SIRET."))
            return
        ours = wanted or ", ".join(filter(None, (self._us.name, self._us.siret or self._us.vat_id)))
        faults.append(
            Fault(
                order.row,
                place,
                "The buyer is {theirs}, and the order would be entered for {ours}. If it is of this site, correct "
                "the document or say the buyer's name or SIRET when you import it.",
                acts=(Act.SAY_BUYER,),
                theirs=buyer,
                ours=ours,
            )
        )

    def _supplier(self, order: FileOrder, faults: list[Fault]) -> int | None:
        found = self._suppliers.get(order.suppliers)
        if found is None:
            found = self._suppliers[order.suppliers] = self._look_up(order.suppliers)
        if isinstance(found, int):
            return found
        faults.append(Fault.at(order.row, found.column, found))
        return None

    def _look_up(self, texts: tuple[str, ...]) -> int | Fault:
        for text in texts:
            found = parties_named(self._connection, text, PartyRole.SUPPLIER)
            if len(found) == 1:
                return int(found[0].id)
            if found:
                return Fault(
                    None,
                    "supplier",
                    "«{text}» fits several suppliers: {codes}. Write the code of the one you mean.",
                    text=text,
                    codes=", ".join(row.code for row in found),
                )
        return Fault(
            None,
            "supplier",
            "No supplier has the code, SIRET, VAT number or name «{text}»: correct it, or enter the supplier's "
            "card first.",
            text=" / ".join(texts),
        )

    def _followed_by(self, order: FileOrder, faults: list[Fault]) -> int | None:
        if order.followed_by is None:
            named = (self._users.get(name_key(text)) for text in order.contact)
            return next((user_id for user_id in named if user_id is not None), None)
        user_id = self._users.get(name_key(order.followed_by))
        if user_id is None:
            faults.append(
                Fault(
                    order.row,
                    "followed_by",
                    "There is no user «{login}»: correct it, or enter them first.",
                    acts=(Act.ADD_USER,),
                    login=order.followed_by,
                )
            )
        return user_id


def _listed(listed: Sequence[ListedPrice], product: Product, quantity: Decimal) -> Decimal | None:
    """What a list says of so much of a product; None: none says it, or it takes something off a price that we lack."""
    own: Decimal | None = product["purchase_price"]
    fitting = listed if own is not None else [each for each in listed if each.price is not None]
    decided = decide_price(fitting, Wanted(product["id"], product["family_id"], quantity, own or ZERO))
    return None if decided.list_code is None else decided.price


def _by_name(users: Iterable[Row[int, str, str, str]]) -> dict[str, int]:
    """Users by login, else by mail address, else by name, each folded. What several have means nobody."""
    found: dict[str, int] = {}
    rows = list(users)
    for column in (1, 3, 2):
        fit: dict[str, set[int]] = {}
        for user in rows:
            fit.setdefault(name_key(str(user[column])), set()).add(user.id)
        for key, ids in fit.items():
            if len(ids) == 1:
                found.setdefault(key, *ids)
    return found


def _products(connection: Connection, orders: Sequence[FileOrder]) -> Products:
    """The products that orders name, by code or GTIN."""
    lines = [line for order in orders for line in order.lines]
    codes = [code for line in lines for code in line.products]
    gtins = {code for code in codes if is_gtin(code)} | {line.gtin for line in lines if line.gtin is not None}
    return Products(products_by_code(connection, codes), products_by_gtin(connection, gtins))
