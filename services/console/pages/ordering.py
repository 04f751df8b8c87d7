"""An ordered list whose rows go up, down, out and in by buttons; nothing is stored before it is validated. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.site.preferences import in_order, with_field, without_field


def order_after(what: str, order: Sequence[str], name: str) -> str:
    """The order of a search once a button was pressed.

    :raises Problem: the last one would go.
    """
    if what == "ajouter":
        return with_field(order, name)
    if what == "retirer":
        left = without_field(order, name)
        if not left:
            raise Problem("A search needs one field at least; nothing was changed.", ProblemCode.LAST_FIELD)
        return left
    return in_order(order, ",".join(moved(what, order, name)))


def moved(what: str, order: Sequence[str], name: str) -> list[str]:
    """The order once a row went up (`haut`) or down (`bas`), came (`ajouter`) or went (`retirer`)."""
    if what == "ajouter":
        return [*order, *([] if name in order else [name])]
    if what == "retirer":
        return [each for each in order if each != name]
    at = order.index(name) if name in order else -1
    to = at + {"haut": -1, "bas": 1}.get(what, 0)
    found = list(order)
    if at >= 0 and 0 <= to < len(order):
        found[at], found[to] = found[to], found[at]
    return found
