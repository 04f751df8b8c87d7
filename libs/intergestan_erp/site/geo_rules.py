"""What people choose about positions of addresses (T25); by itself, because services read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.geo.providers import NONE, PROVIDERS
from intergestan_erp.geo.rule import CALLS, GeoRule
from intergestan_erp.site.credit_rules import chosen, one_of

GEO_DEFAULTS: Final[Mapping[str, str]] = {
    "geo.on_save": "false",
    "geo.provider": NONE,
    "geo.calls_per_month": str(CALLS),
}
"""Every name, and the value that it has on a site where nobody chose another."""
FLAGS: Final = ("false", "true")
_MOST_CALLS: Final = 1_000_000


def read_geo(connection: Connection) -> GeoRule:
    """What was chosen about positions of addresses, whatever stands under the other names.

    :raises Problem: somebody wrote a value into the base that is none.
    """
    return geo_rule(chosen(connection, GEO_DEFAULTS))


def geo_rule(texts: Mapping[str, str]) -> GeoRule:
    """The rule that these texts are.

    :raises Problem: for the first that is none.
    """
    return GeoRule(
        one_of("geo.on_save", texts, FLAGS) == "true",
        one_of("geo.provider", texts, (NONE, *PROVIDERS)),
        whole_number("geo.calls_per_month", texts, _MOST_CALLS),
    )


def whole_number(name: str, texts: Mapping[str, str], most: int = 999) -> int:
    """The value of a setting that is a whole number.

    :raises Problem: it has another.
    """
    text = texts[name]
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
        raise Problem(
            "«{value}» is not a whole number that may stand here. Nothing was changed.",
            ProblemCode.NO_VALUE,
            (Act.SHOW_SETTINGS,),
            value=text,
        )
    return int(text)
