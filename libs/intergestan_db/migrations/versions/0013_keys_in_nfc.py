"""Keys in one encoding (NFC): order numbers, line ids, codes of products and parties, what partners' codes mean

What went out and came in under another spelling is noted as `spelled`, so that partners read their own.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from unicodedata import normalize

import sqlalchemy as sa
from alembic import op

from intergestan_db.problem import Problem, Word

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_BATCH = 5000
_MOST_NAMED = 20


class Key(NamedTuple):
    """A column that is joined or compared. Among rows with the same `within` it is unique, unless `within` is None."""

    table: str
    column: str
    within: tuple[str, ...] | None = None
    what: str = ""
    row: str = "id"


KEYS = (
    Key("purchase_order", "number", (), Word("purchase orders")),
    Key("purchase_order_line", "line_id", ("purchase_order_id",), Word("lines of one purchase order")),
    Key("sales_order", "number", (), Word("sales orders")),
    Key("sales_order", "customer_order_number", ("partner_id",), Word("sales orders of one partner")),
    Key("sales_order_line", "line_id", ("sales_order_id",), Word("lines of one sales order")),
    Key("ledger", "number", ("partner_id", "type", "revision"), Word("received documents of one partner")),
    Key("answer", "order_number", ("partner_id", "n"), Word("answers to one partner")),
    Key("product", "code", (), Word("products")),
    Key("product_family", "code", (), Word("families of products")),
    Key("product_subfamily", "code", (), Word("sub-families of products")),
    Key("party", "code", (), Word("third parties")),
    Key("product_match", "their_code", ("partner_id",), Word("remembered products of one partner")),
    Key("customer_match", "their_id", ("partner_id",), Word("remembered customers of one partner")),
    Key("purchase_order", "supplier_order_number"),
    Key("purchase_order_line", "product_code"),
    Key("purchase_order_line", "supplier_code"),
    Key("sales_order_line", "product_code"),
    Key("difference", "order_number"),
    Key("difference", "line_id"),
    Key("hold", "number"),
    Key("hold", "detail"),
    Key("number_series", "prefix", row="code"),
)
_VALUES = (
    *(("purchase_order_line", "answer"), ("purchase_order_change", "document"), ("purchase_order_change", "answer_lines")),
    *(("answer", "lines"), ("review_reply", "lines"), ("sales_order_line", "said"), ("difference", "detail")),
)
"""Columns of JSON in which keys stand."""


def upgrade() -> None:
    op.add_column("inbound_transfer", sa.Column("spelled", sa.JSON(), nullable=True))
    op.add_column("purchase_order", sa.Column("spelled", sa.JSON(), nullable=True))
    op.add_column("purchase_order", sa.Column("number_key", sa.String(length=180), nullable=True))
    op.create_index(op.f("ix_purchase_order_number_key"), "purchase_order", ["number_key"])
    connection = op.get_bind()
    changes = {key: dict(_changed(connection, key)) for key in KEYS}
    _refuse_same(connection, changes)
    _note_spellings(connection)
    for key, rows in changes.items():
        _write(connection, key.table, key.row, key.column, sa.String(), rows.items())
    for table, column in _VALUES:
        row = "sales_order_id" if table == "review_reply" else "id"
        _write(connection, table, row, column, sa.JSON(), _values(connection, table, row, column))
    orders = connection.execute(_select("purchase_order", "id", "number"))
    keys = ((order.id, _nfc(order.number.casefold())) for order in orders)
    _write(connection, "purchase_order", "id", "number_key", sa.String(), keys)


def downgrade() -> None:
    """The keys stay as they are."""
    op.drop_index(op.f("ix_purchase_order_number_key"), table_name="purchase_order")
    op.drop_column("purchase_order", "number_key")
    op.drop_column("purchase_order", "spelled")
    op.drop_column("inbound_transfer", "spelled")


def _nfc(text: str) -> str:
    return text if text.isascii() else normalize("NFC", text)


def _kept(key: Key, text: str) -> str:
    """What a key is from now on; numbers of firms lose what people write between the digits."""
    return re.sub(r"[\s.\-]", "", text).upper() if key.table == "customer_match" else _nfc(text)


def _select(table: str, *columns: str) -> sa.Select[Any]:
    made = sa.table(table, *(sa.column(name) for name in columns))
    return sa.select(*(made.c[name] for name in columns)).order_by(made.c[columns[0]])


def _changed(connection: sa.Connection, key: Key) -> Iterator[tuple[Any, str]]:
    """The rows whose key is written otherwise from now on, each with that."""
    query = _select(key.table, key.row, key.column)
    for row_id, text in connection.execute(query):
        if text is not None and (kept := _kept(key, text)) != text:
            yield row_id, kept


def _refuse_same(connection: sa.Connection, changes: dict[Key, dict[Any, str]]) -> None:
    """Stop where two rows would have one key."""
    for key, rows in changes.items():
        if not rows or key.within is None:
            continue
        seen: dict[tuple[Any, ...], Any] = {}
        pairs = []
        for row_id, text, *place in connection.execute(_select(key.table, key.row, key.column, *key.within)):
            if text is None or None in place:
                continue
            kept = _kept(key, text)
            first = seen.setdefault((*place, kept), row_id)
            if first != row_id:
                pairs.append(f"{kept} ({key.table} {first}, {row_id})")
        if pairs:
            more = f", … ({len(pairs)})" if len(pairs) > _MOST_NAMED else ""
            raise Problem(
                "Nothing was upgraded: {what} have the same number or code once accents are written in one way: "
                "{pairs}. They look alike and were two. Give one of each pair another one before you upgrade: "
                "docs/operations.md, «Numbers that look alike», says how.",
                what=Word(key.what),
                pairs=", ".join(pairs[:_MOST_NAMED]) + more,
            )


def _note_spellings(connection: sa.Connection) -> None:
    """Keep how keys were spelled in mails that went out, and in mails that came."""
    sent: dict[int, dict[str, str]] = {}
    orders = _select("purchase_order", "id", "number", "state")
    gone = set()
    for order in connection.execute(orders):
        if order.state not in {"draft", "confirmed"}:
            gone.add(order.id)
            _spell(sent, order.id, order.number)
    lines = _select("purchase_order_line", "purchase_order_id", "line_id", "product_code", "supplier_code")
    for line in connection.execute(lines):
        if line.purchase_order_id in gone:
            _spell(sent, line.purchase_order_id, line.line_id, line.product_code, line.supplier_code)
    _write(connection, "purchase_order", "id", "spelled", sa.JSON(), sent.items())
    of_order: dict[int, dict[str, str]] = {}
    for line in connection.execute(_select("sales_order_line", "sales_order_id", "line_id", "product_code")):
        _spell(of_order, line.sales_order_id, line.line_id, line.product_code)
    came: dict[int, dict[str, str]] = {}
    documents = _select("ledger", "inbound_transfer_id", "type", "number", "sales_order_id")
    for document in connection.execute(documents):
        if document.type != "response":
            _spell(came, document.inbound_transfer_id, document.number)
            if document.sales_order_id in of_order:
                came.setdefault(document.inbound_transfer_id, {}).update(of_order[document.sales_order_id])
    _write(connection, "inbound_transfer", "id", "spelled", sa.JSON(), came.items())


def _spell(found: dict[int, dict[str, str]], row_id: int, *keys: str | None) -> None:
    for key in keys:
        if key is not None and (kept := _nfc(key)) != key:
            found.setdefault(row_id, {})[kept] = key


def _values(connection: sa.Connection, table: str, row: str, column: str) -> Iterator[tuple[Any, Any]]:
    made = sa.table(table, sa.column(row), sa.column(column, sa.JSON()))
    for row_id, value in connection.execute(sa.select(made.c[row], made.c[column]).where(made.c[column].is_not(None))):
        if (kept := _deep(value)) != value:
            yield row_id, kept


def _deep(value: Any) -> Any:
    if isinstance(value, str):
        return _nfc(value)
    if isinstance(value, list):
        return [_deep(each) for each in value]
    return {name: _deep(each) for name, each in value.items()} if isinstance(value, dict) else value


def _write(
    connection: sa.Connection, table: str, row: str, column: str, kind: Any, values: Iterable[tuple[Any, Any]]
) -> None:
    made = sa.table(table, sa.column(row), sa.column(column, kind))
    rows = [{"row_id": row_id, "value": value} for row_id, value in values]
    statement = sa.update(made).where(made.c[row] == sa.bindparam("row_id")).values({column: sa.bindparam("value", type_=kind)})
    for start in range(0, len(rows), _BATCH):
        connection.execute(statement, rows[start : start + _BATCH])
