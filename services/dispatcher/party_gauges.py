"""The gauge about third parties: how many codes are left where they are made automatically."""

from __future__ import annotations

from sqlalchemy import Connection

from intergestan_db.problem import Problem
from intergestan_erp.parties.codes import fullest_prefix
from intergestan_erp.site.preferences import read_preferences
from intergestan_runtime.metrics import Metrics


def measure_codes(connection: Connection, metrics: Metrics) -> None:
    """Set it; absent where people give codes, or nobody can say how they are made."""
    try:
        rule = read_preferences(connection).rules.codes
    except Problem:  # `settings show` says which value is none
        metrics.vanish("party_codes_left")
        return
    if not rule.automatic:
        metrics.vanish("party_codes_left")
        return
    fullest = fullest_prefix(connection, rule)
    metrics.set("party_codes_left", 1.0 if fullest is None else fullest[1] / rule.count)
