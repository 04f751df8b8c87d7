"""The gauge about stock: what lies below nothing where it may not."""

from __future__ import annotations

from sqlalchemy import Connection

from intergestan_erp.stock.levels import count_negative
from intergestan_runtime.metrics import Metrics


def measure_stock(connection: Connection, metrics: Metrics) -> None:
    """Set it; 0 where no stock is managed."""
    metrics.set("stock_negative", count_negative(connection))
