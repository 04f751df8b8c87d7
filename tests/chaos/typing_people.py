"""The people of the buyer: they type orders, change and cancel them, and type again what did not go through."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

from tests.chaos.known import CANCELLED, KnownOrders, Line, Order
from tests.chaos.site import Site

TITLES = "ID Pièce;Date;Fournisseur;Nature;Ligne;Produit;Quantité;Prix"
NOTHING_TO_SEND = 3


@dataclass
class Typed:
    """A file with orders, until the command has said that it was taken."""

    file: Path
    orders: Sequence[Order]


class People:
    """All that is drawn comes from `rng`. `start` lets them type by themselves, until `stop`."""

    def __init__(self, site: Site, supplier: str, prices: Mapping[str, Decimal], rng: random.Random) -> None:
        self.known = KnownOrders()
        self._site = site
        self._supplier = supplier
        self._prices = prices
        self._rng = rng
        self._numbers = count(1)
        self._unsure: list[Typed] = []
        self.taken: list[Typed] = []
        """All files that were taken, in their order."""
        self.heard = ""
        """What the last import said."""
        self.changes_nothing = False
        """Orders only: what a restore makes them type again."""
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None

    def start(self) -> None:
        """Type something every second or two, in a thread."""
        self._over.clear()
        self._thread = threading.Thread(target=self._work, name="people", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more, and until the last command has ended.

        :raises RuntimeError: they could not go on.
        """
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._failure is not None:
            raise RuntimeError(f"people cannot type: {self._failure!r}") from self._failure

    def _work(self) -> None:
        try:
            self._work_on()
        except Exception as error:  # noqa: BLE001 - said by `stop`
            self._failure = error

    def _work_on(self) -> None:
        while not self._over.is_set():
            if self._rng.random() < 0.7 or self.changes_nothing:
                self.order(self._rng.randint(1, 5))
            else:
                self.change_something()
            self._over.wait(self._rng.uniform(0.3, 2.5))

    def order(self, number_of_orders: int) -> Sequence[Order]:
        """New orders, in one file and one mail."""
        typed = self._write([self._new_order() for _ in range(number_of_orders)])
        self._enter(typed)
        self.send()
        return typed.orders

    def change_something(self) -> None:
        """One line of an order that both sides agree on, or all of it."""
        candidates = [order for order in self.known if order.entered and len(order.may_be) == 1]
        candidates = [order for order in candidates if order.may_be[0]]
        if not candidates:
            return
        order = self._rng.choice(candidates[-60:])
        if self._rng.random() < 0.8:
            line = self._rng.choice(sorted(order.may_be[0]))
            self._change(order, line, self._quantity(order.may_be[0][line].product))
        else:
            done = self._site.type("orders", "cancel", order.number, "--reason", "Chaos.")
            self._note(order, CANCELLED, done.code)

    def send(self) -> bool:
        """Send all that is entered and not sent; whether nothing is left."""
        return self._site.type("send", "--supplier", self._supplier).code in {0, NOTHING_TO_SEND}

    def finish(self) -> bool:
        """Type again what was not taken, and send it; whether all of it is through."""
        for typed in list(self._unsure):
            self._enter(typed)
        return not self._unsure and self.send()

    def type_again(self, typed: Sequence[Typed]) -> None:
        """After a restore: the files that the backup does not know."""
        self._unsure += typed

    def _change(self, order: Order, line: str, quantity: Decimal) -> None:
        before = order.may_be[0]
        done = self._site.type("orders", "change", order.number, "--line", f"{line}={_french(quantity)}")
        self._note(order, {**before, line: Line(before[line].product, quantity, before[line].price)}, done.code)

    @staticmethod
    def _note(order: Order, content: Mapping[str, Line], code: int | None) -> None:
        """0: taken. 1: refused, and said why, or it broke off; None: cut off."""
        if code is None or code in {0, 1}:
            order.change_to(content, certain=code == 0)

    def _new_order(self) -> Order:
        lines = {}
        for line in range(1, self._rng.randint(1, 4) + 1):
            product = self._rng.choice(sorted(self._prices))
            lines[str(line)] = Line(product, self._quantity(product), self._prices[product])
        return self.known.add(f"PO{next(self._numbers):06d}", lines)

    def _quantity(self, product: str) -> Decimal:
        """Of what is counted a whole number."""
        return Decimal(self._rng.randint(1, 9999)) / (self._rng.choice((1, 10, 100)) if is_weighed(product) else 1)

    def _write(self, orders: Sequence[Order]) -> Typed:
        today = datetime.now(UTC).strftime("%d/%m/%Y")
        rows = [
            f"{order.number};{today};{self._supplier};Réappro;{line};{each.product};{_french(each.quantity)};"
            f"{_french(each.price)}"
            for order in orders
            for line, each in order.may_be[0].items()
        ]
        file = self._site.desk / f"{orders[0].number}.csv"
        file.write_text("\n".join([TITLES, *rows]) + "\n")
        typed = Typed(file, orders)
        self._unsure.append(typed)
        return typed

    def _enter(self, typed: Typed) -> None:
        done = self._site.type("orders", "import", "--dates", "any", str(typed.file))
        self.heard = done.output
        if done.code == 0:
            for order in typed.orders:
                order.entered = True
            self._unsure.remove(typed)
            self.taken.append(typed)


def is_weighed(product: str) -> bool:
    """Whether it is sold by the kilogram; the others are sold by the piece."""
    return product[-1] in "02468"


def _french(number: Decimal) -> str:
    return str(number).replace(".", ",")
