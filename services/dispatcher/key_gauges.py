"""The gauges about keys: when they end, and how many nobody confirmed."""

from __future__ import annotations

import math
from datetime import datetime

from sqlalchemy import Connection

from intergestan_exchange.keys.key_health import endings, our_key_is_unconfirmed_by, their_unconfirmed_keys
from intergestan_runtime.metrics import Metrics


def measure_keys(connection: Connection, metrics: Metrics, now: datetime) -> None:
    """Set them; a key without an end ends at +Inf, so that it never comes near."""
    found = endings(connection, now)
    metrics.forget("certificate_expiry_timestamp_seconds", {"name": [each.code for each in found]})
    for each in found:
        ends = math.inf if each.ends is None else each.ends.timestamp()
        metrics.set("certificate_expiry_timestamp_seconds", ends, kind="signing", name=each.code)
    _, partners = our_key_is_unconfirmed_by(connection)
    metrics.set("unconfirmed_keys", len(partners), side="ours")
    metrics.set("unconfirmed_keys", len(their_unconfirmed_keys(connection)), side="theirs")
