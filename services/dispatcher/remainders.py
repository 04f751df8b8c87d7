"""The gauges about goods: how many lines wait for some, and how many for an order to another agency.

They also know whether anything is set aside on this site.
"""

from __future__ import annotations

from sqlalchemy import Connection

from intergestan_erp.pairs.pending import count_pending
from intergestan_erp.stock.waiting import count_remainders
from intergestan_runtime.metrics import Metrics


class Remainders:
    """Remembers whether any dossier sets goods aside: on a site where none does, nobody searches for due orders.

    :ivar are_counted: whether one did when the gauges were last read.
    """

    def __init__(self) -> None:
        self.are_counted = False

    def look(self, connection: Connection, metrics: Metrics) -> None:
        """Set the gauges; absent where nothing is set aside."""
        found = count_remainders(connection)
        self.are_counted = found is not None
        if found is None:
            metrics.vanish("remainders", "agency_pending")
        else:
            metrics.set("remainders", found)
            metrics.set("agency_pending", count_pending(connection))
