"""`python -m tests.services.allocator.allocate_once URL ORDER_ID`: for a test that lets it die."""

from __future__ import annotations

import sys

from prometheus_client import CollectorRegistry

from intergestan_db.database import Database
from intergestan_runtime.crashpoint import dying_at_commit
from intergestan_runtime.metrics import Metrics
from services.allocator.worker import Allocator

if __name__ == "__main__":
    url, order_id = sys.argv[1:]
    base = Database(url)
    base.at_commit = dying_at_commit() or base.at_commit
    Allocator(base, Metrics(CollectorRegistry())).allocate(int(order_id))
