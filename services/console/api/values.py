"""What answers consist of: JSON of the values that pages and `--json` show, without the rows' own ids.

Amounts are texts, instants are UTC and end with Z, days are ISO 8601.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from starlette.responses import Response

from intergestan_erp.listing.page import Page
from intergestan_msg import money
from intergestan_runtime.visible_text import in_json
from services.console.api.mount import PATH

PUBLIC_IDS: Final = frozenset({"transfer_id", "line_id", "vat_id"})
"""Ids that are no row's."""


class Written(dict[str, Any]):
    """What is JSON already: nothing of it is left out, such as the number of a *Relever*, which people see."""


def is_public(name: str) -> bool:
    """Whether a field of this name is told: what numbers rows in our database is not."""
    return name in PUBLIC_IDS or not (name == "id" or name.endswith("_id"))


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Written):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        found = {field.name: getattr(value, field.name) for field in fields(value)}
        return _told(found)
    if isinstance(value, Mapping):
        return _told(value)
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [plain(each) for each in value]
    return value


def _told(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): plain(each) for name, each in values.items() if is_public(str(name))}


def without_zeros(row: Any) -> dict[str, Any]:
    """The fields of a row of quantities, without zeros at the end of their decimals, as `--json` has them."""
    values = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return {name: money.without_zeros(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def written(value: Any) -> bytes:
    """The JSON text of a value that may have no bytes, and of which nothing hides."""
    return in_json(json.dumps(plain(value), ensure_ascii=False)).encode()


def answer(value: Any, status: int = 200, **headers: str) -> Response:
    """An answer with a value. :param headers: `Location` and the like, with `_` in place of `-`."""
    named = {name.replace("_", "-"): each for name, each in headers.items()}
    return Response(written(value), status_code=status, media_type="application/json", headers=named)


def listed(page: Page[Any], address: str, cursor: str | None) -> Response:
    """A page of a list. :param address: of the next page; `cursor`: its place; None: this is the last one."""
    response = answer({"items": list(page.rows), "next": cursor})
    if cursor is not None:
        response.headers["Link"] = f'<{PATH}{address}>; rel="next"'
    return response
