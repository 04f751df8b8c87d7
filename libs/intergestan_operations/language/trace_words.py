"""The story of an order in words, as every face tells it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from intergestan_operations.language.happenings import DETAILS, value_of
from intergestan_operations.language.wording import about, translated
from intergestan_runtime.said import marked

if TYPE_CHECKING:
    from intergestan_exchange.tracing.trace import Story

ROLES = {"buyer": marked("Purchase order"), "seller": marked("Sales order")}
CARRIES = {"orders": marked("orders"), "answers": marked("answers")}

STATIONS: Mapping[str, str] = {
    "prepared": marked("prepared"),
    "sent": marked("sent off"),
    "taken by the server": marked("taken by the server"),
    "collected": marked("picked up"),
    "taken in": marked("taken in"),
    "answered": marked("replied to"),
    "delivered": marked("shipped"),
}
"""The stations of an order over both sites."""

_ELSEWHERE = {"findings", "prices", "references", "accounting_costs"}
"""What is said by other words, or by `orders show`."""


def details(detail: Mapping[str, Any], reasons: Mapping[str, str], language: str) -> str:
    """What is known besides about something that happened. :param reasons: as `reasons_of` gives them."""
    return _listed(_worded(detail, reasons), language)


def reasons_of(story: Story, language: str) -> dict[str, str]:
    """Why its documents waited, in words, by the code of the reason."""
    from intergestan_exchange.findings.findings import explain_all

    opened = [each.detail for each in story.happened if "findings" in each.detail]
    return {detail["reason"]: explain_all(detail["findings"], language) for detail in opened}


def _worded(detail: Mapping[str, Any], reasons: Mapping[str, str]) -> dict[str, Any]:
    told = {name: value for name, value in detail.items() if name not in _ELSEWHERE}
    return told | {"reason": reasons.get(told["reason"], told["reason"])} if "reason" in told else told


def _listed(detail: Mapping[str, Any], language: str) -> str:
    told = {name: value for name, value in detail.items() if value not in (None, "", [], {})}
    return ", ".join(
        about(translated(DETAILS.get(name, name), language), _value(name, value, language), language)
        for name, value in told.items()
    )


def _value(name: str, value: Any, language: str) -> str:
    if isinstance(value, Mapping):
        return _listed(value, language)
    if isinstance(value, list):
        return " ".join(_value(name, each, language) for each in value)
    return value_of(name, str(value), language)


def span(elapsed: timedelta, language: str) -> str:
    """`+0:00:02`, or with days before it; a negative one where the partner's clock is ahead."""
    seconds = int(abs(elapsed).total_seconds())
    days, seconds = divmod(seconds, 86400)
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return (
        ("-" if elapsed < timedelta(0) else "+")
        + (translated("{days} d", language).format(days=days) + " " if days else "")
        + clock
    )
