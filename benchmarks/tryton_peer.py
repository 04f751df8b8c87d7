"""`python tryton_peer.py URI NAME SHIPMENTS MOVES`: customers' shipments in a database of Tryton, for `tryton.py`.

It runs under an interpreter that has trytond and trytond-stock, and imports nothing of ours. Of a database that is
there and empty it makes that of a company with goods in its warehouse, prints `started`, and for each line that it
reads enters so many shipments, lets each be waiting, assigned, picked, packed and done, a transaction each as its
server has, and prints the seconds of that.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from typing import Any

STEPS = ("wait", "assign_try", "pick", "pack", "do")


class Tryton:
    """A database of Tryton with the module of stock."""

    def __init__(self, uri: str, name: str) -> None:
        os.environ["TRYTOND_DATABASE_URI"] = uri
        self.name = name
        self._transaction: Any = import_module("trytond.transaction")
        backend: Any = import_module("trytond.backend")
        base = backend.Database(name)
        base.connect()
        base.init()
        self.pool: Any = import_module("trytond.pool").Pool(name)
        self.pool.init(update=["ir", "res", "stock"], lang=["en"], activatedeps=True)
        self.user = 0  # who may all
        self.context: dict[str, Any] = {}
        self.user = self.act(self._administrator)
        self.context = self.act(self._company)
        self.product, self.unit, self.currency, self.customer, self.address = self.act(self._goods)

    def act(self, do: Callable[[], Any]) -> Any:
        """In a transaction of its own, with what its server does where one is to be begun anew."""
        extras: dict[str, Any] = {}
        while True:
            with self._transaction.Transaction().start(
                self.name, self.user, context=self.context, **extras
            ) as transaction:
                try:
                    found = do()
                    transaction.commit()
                except self._transaction.TransactionError as error:
                    transaction.rollback()
                    transaction.tasks.clear()
                    error.fix(extras)
                else:
                    return found

    def model(self, name: str) -> Any:
        """A model by its name."""
        return self.pool.get(name)

    def one(self, model: str, field: str, value: str) -> Any:
        """The record of a model that has this value."""
        (found,) = self.model(model).search([(field, "=", value)])
        return found

    def _administrator(self) -> int:
        """The id of the administrator, who may work from now on."""
        configuration = self.model("ir.configuration")(1)
        configuration.language = "en"
        configuration.save()
        groups = self.model("res.group").search([])
        administrator = self.model("res.user")(name="Administrator", login="administrator", groups=groups)
        administrator.save()
        return int(administrator.id)

    def _company(self) -> dict[str, Any]:
        user_model = self.model("res.user")
        currency_model = self.model("currency.currency")
        currency = currency_model(name="Euro", symbol="€", code="EUR", digits=2, rounding=Decimal("0.01"))
        currency.save()
        party = self.model("party.party")(name="Company")
        party.save()
        company = self.model("company.company")(party=party, currency=currency)
        company.save()
        user_model.write([user_model(self.user)], {"companies": [("add", [company.id])], "company": company.id})
        found: dict[str, Any] = dict(user_model.get_preferences(context_only=True))
        return {**found, "company": company.id}

    def _goods(self) -> tuple[Any, Any, Any, Any, Any]:
        """A product of which very many lie in the warehouse, and who buys it."""
        unit = self.one("product.uom", "name", "Unit")
        template = self.model("product.template")(name="Goods", default_uom=unit, type="goods", list_price=Decimal(10))
        template.save()
        product = self.model("product.product")(template=template)
        product.save()
        customer = self.model("party.party")(name="Customer", addresses=[{}])
        customer.save()
        company = self.model("company.company")(self.context["company"])
        move_model = self.model("stock.move")
        move = move_model(
            product=product,
            unit=unit,
            quantity=1_000_000,
            from_location=self.one("stock.location", "code", "SUP"),
            to_location=self.one("stock.location", "code", "STO"),
            company=company,
            unit_price=Decimal(6),
            currency=company.currency,
        )
        move.save()
        move_model.do([move])
        return product.id, unit.id, company.currency.id, customer.id, customer.addresses[0].id

    def enter(self, moves: int) -> int:
        """A shipment with so many lines."""

        def enter() -> int:
            lines = [
                {
                    "product": self.product,
                    "unit": self.unit,
                    "quantity": 1,
                    "from_location": self.one("stock.location", "code", "OUT").id,
                    "to_location": self.one("stock.location", "code", "CUS").id,
                    "company": self.context["company"],
                    "unit_price": Decimal(10),
                    "currency": self.currency,
                }
                for _ in range(moves)
            ]
            (shipment,) = self.model("stock.shipment.out").create(
                [
                    {
                        "customer": self.customer,
                        "delivery_address": self.address,
                        "company": self.context["company"],
                        "warehouse": self.one("stock.location", "code", "WH").id,
                        "warehouse_storage": self.one("stock.location", "code", "STO").id,
                        "warehouse_output": self.one("stock.location", "code", "OUT").id,
                        "outgoing_moves": [("create", lines)],
                    }
                ]
            )
            return int(shipment.id)

        return int(self.act(enter))

    def step(self, shipment: int, name: str) -> None:
        """A step of a shipment."""

        def step() -> None:
            model = self.model("stock.shipment.out")
            getattr(model, name)([model(shipment)])

        self.act(step)

    def state(self, shipment: int) -> str:
        """How far a shipment is."""
        return str(self.act(lambda: self.model("stock.shipment.out")(shipment).state))


def main(uri: str, name: str, shipments: str, moves: str) -> None:
    tryton = Tryton(uri, name)
    print("started", flush=True)
    while sys.stdin.readline():
        entered = [tryton.enter(int(moves)) for _ in range(int(shipments))]
        began = time.perf_counter()
        for shipment in entered:
            for step in STEPS:
                tryton.step(shipment, step)
        seconds = time.perf_counter() - began
        states = {tryton.state(shipment) for shipment in entered}
        if states != {"done"}:
            raise AssertionError(f"shipments are {', '.join(sorted(states))}")
        print(seconds, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
