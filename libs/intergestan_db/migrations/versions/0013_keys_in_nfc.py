"""Keys in one encoding (NFC): order numbers, line ids, codes of products and parties, what partners' codes mean

What went out and came in under another spelling is noted as `spelled`, so that partners read their own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from unicodedata import normalize

import sqlalchemy as sa
from alembic import context, op

from intergestan_db.problem import Problem, ProblemCode, Word, Words

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_PAGE = 5000
"""How many rows are in memory at a time: a site has received orders for years."""
_PAGE_OF_JSON = 100
"""The same of rows with whole documents: one may have ten thousand lines."""
_MOST_NAMED = 20
_LONGEST = 60


class Key(NamedTuple):
    """A column that is joined or compared. Among rows with the same `within` it is unique, unless `within` is None.

    `shows` are columns by which a person knows the row.
    """

    table: str
    column: str
    within: tuple[str, ...] | None = None
    what: str = ""
    shows: tuple[str, ...] = ()


KEYS = (
    Key("purchase_order", "number", (), Word("purchase orders"), ("state", "issue_date")),
    Key("purchase_order_line", "line_id", ("purchase_order_id",), Word("lines of one purchase order"), ("product_code",)),
    Key("sales_order", "number", (), Word("sales orders"), ("state", "issue_date")),
    Key("sales_order", "customer_order_number", ("partner_id",), Word("sales orders of one partner"), ("number", "state")),
    Key("sales_order_line", "line_id", ("sales_order_id",), Word("lines of one sales order"), ("product_code",)),
    Key("ledger", "number", ("partner_id", "type", "revision"), Word("received documents of one partner"), ("type", "outcome")),
    Key("answer", "order_number", ("partner_id", "n"), Word("answers to one partner"), ("code", "sales_order_number")),
    Key("product", "code", (), Word("products"), ("name",)),
    Key("product_family", "code", (), Word("families of products"), ("name",)),
    Key("product_subfamily", "code", (), Word("sub-families of products"), ("name",)),
    Key("party", "code", (), Word("third parties"), ("name",)),
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
)
_VALUES = (
    *(("purchase_order_line", "answer"), ("purchase_order_change", "document"), ("purchase_order_change", "answer_lines")),
    *(("answer", "lines"), ("review_reply", "lines"), ("sales_order_line", "said"), ("difference", "detail")),
)
"""Columns of JSON in which keys stand."""
_RECEIVED = (("ledger", "number"), ("answer", "order_number"), ("sales_order", "customer_order_number"))
"""Where the number of one received order stands, for its partner; also in holds and differences."""
_MATCHES = ("product_match", "customer_match")

_CHANGES = sa.table("key_change", sa.column("place"), sa.column("row_id"), sa.column("kept"))
"""Keys that are written otherwise from now on: the place of the key in `KEYS`, the row, what it becomes."""


def upgrade() -> None:
    op.add_column("inbound_transfer", sa.Column("spelled", sa.JSON(), nullable=True))
    op.add_column("purchase_order", sa.Column("spelled", sa.JSON(), nullable=True))
    op.add_column("purchase_order", sa.Column("number_key", sa.String(length=180), nullable=True))
    op.create_index(op.f("ix_purchase_order_number_key"), "purchase_order", ["number_key"])
    connection = op.get_bind()
    renamed = _Renames(connection)
    for rename in context.config.attributes.get("renames", ()):
        renamed.apply(*rename)
    op.create_table(
        "key_change",
        sa.Column("place", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("row_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("kept", sa.Text(), nullable=False),
    )
    changed = [key for place, key in enumerate(KEYS) if _note_changes(connection, place, key)]
    _refuse_same(connection, changed)
    _note_spellings(connection, renamed)
    for key in changed:
        _write_changes(connection, key)
    op.drop_table("key_change")
    _write_prefixes(connection)
    for table, column in _VALUES:
        _write_values(connection, table, column)
    for rows in _pages(connection, "purchase_order", "id", "number"):
        keys = [(order.id, _nfc(order.number.casefold())) for order in rows]
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


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *map(sa.column, columns))


def _pages(connection: sa.Connection, table: str, row: str, *columns: str, json: str = "") -> Iterator[list[Any]]:
    """All rows of a table by their id, some at a time; they may be written in between."""
    made = sa.table(table, *(sa.column(name, sa.JSON() if name == json else None) for name in (row, *columns)))
    select_after = sa.select(*made.c).where(made.c[row] > sa.bindparam("after")).order_by(made.c[row])
    query = select_after.where(made.c[json].is_not(None)).limit(_PAGE_OF_JSON) if json else select_after.limit(_PAGE)
    after = -1
    while rows := connection.execute(query, {"after": after}).all():
        yield list(rows)
        after = rows[-1][0]


def _note_changes(connection: sa.Connection, place: int, key: Key) -> bool:
    """Note the rows whose key is written otherwise from now on; whether there are any."""
    found = False
    for rows in _pages(connection, key.table, "id", key.column):
        changes = [
            {"place": place, "row_id": row_id, "kept": kept}
            for row_id, text in rows
            if text is not None and (kept := _kept(key, text)) != text
        ]
        if changes:
            found = True
            connection.execute(sa.insert(_CHANGES), changes)
    return found


def _of(key: Key) -> Any:
    """The changes of one key."""
    return sa.select(_CHANGES).where(_CHANGES.c.place == KEYS.index(key)).subquery()


def _refuse_same(connection: sa.Connection, changed: list[Key]) -> None:
    """Stop where two rows would have one key, naming all of them."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE key_change")
    said: list[str] = []
    forget, rename = "", ""
    for key in changed:
        if key.within is None:
            continue
        pairs = _same(connection, key)
        if pairs:
            said += [*(["; "] if said else []), key.what, ": ", ", ".join(pairs.values())]
            one = f"{_name(key)}:{next(iter(pairs))}"
            forget, rename = (forget or one, rename) if key.table in _MATCHES else (forget, rename or one)
    if rename:
        raise Problem(
            "Nothing was upgraded. Once accents are written in one way, these have the same number or code: {pairs}. "
            "They look alike and were two. Give one of each another one while you upgrade: `intergestan upgrade "
            "--rename {row}=…`, once for each. docs/operations.md, «Numbers that look alike», says more.", ProblemCode.CODE_TWICE,
            pairs=Words(said),
            row=rename,
        )
    if forget:
        raise Problem(
            "Nothing was upgraded. Once accents are written in one way, these mean the same: {pairs}. Forget one of each "
            "while you upgrade: `intergestan upgrade --forget {row}`, once for each. docs/operations.md, «Numbers that "
            "look alike», says more.", ProblemCode.CODE_TWICE,
            pairs=Words(said),
            row=forget,
        )


def _same(connection: sa.Connection, key: Key) -> dict[int, str]:
    """Pairs of rows that would have one key, as a person reads them, by the row that was made last."""
    assert key.within is not None
    made, changes = _table(key.table, "id", key.column, *key.within), _of(key)
    kept = sa.func.coalesce(changes.c.kept, made.c[key.column]).label("kept")
    places = [made.c[name] for name in key.within]
    query = (
        sa.select(kept, sa.func.min(made.c.id).label("first"), sa.func.max(made.c.id).label("last"))
        .select_from(made.outerjoin(changes, changes.c.row_id == made.c.id))
        .where(made.c[key.column].is_not(None), *(place.is_not(None) for place in places))
        .group_by(*places, kept)
        .having(sa.func.count() > 1, sa.func.count(changes.c.row_id) > 0)
        .order_by(sa.func.min(made.c.id))
        .limit(_MOST_NAMED)
    )
    return {
        row.last: f"{row.kept} ({_shown(connection, key, row.first)} / {_shown(connection, key, row.last)})"
        for row in connection.execute(query).all()
    }


def _shown(connection: sa.Connection, key: Key, row_id: int) -> str:
    """`purchase_order:15 waiting 2026-11-20`."""
    if not key.shows:
        return f"{_name(key)}:{row_id}"
    made = _table(key.table, "id", *key.shows)
    row = connection.execute(sa.select(*(made.c[name] for name in key.shows)).where(made.c.id == row_id)).one()
    return " ".join([f"{_name(key)}:{row_id}", *(str(value) for value in row if value is not None)])


def _name(key: Key) -> str:
    """What a person calls a key: its table, but where a received order's number stands beside our own."""
    return "sales_order.number" if (key.table, key.column) == ("sales_order", "number") else key.table


def _write_changes(connection: sa.Connection, key: Key) -> None:
    made, changes = _table(key.table, "id", key.column), _of(key)
    kept = sa.select(changes.c.kept).where(changes.c.row_id == made.c.id).scalar_subquery()
    rows = sa.select(changes.c.row_id)
    connection.execute(sa.update(made).where(made.c.id.in_(rows)).values({key.column: kept}))


def _write_prefixes(connection: sa.Connection) -> None:
    """The few series of numbers."""
    made = _table("number_series", "code", "prefix")
    rows = [(row.code, _nfc(row.prefix)) for row in connection.execute(sa.select(made)) if _nfc(row.prefix) != row.prefix]
    _write(connection, "number_series", "code", "prefix", sa.String(), rows)


class _Renames:
    """What a person gives another number or code, before any two are the same."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.of_transfers: dict[int, dict[str, str]] = {}
        """How received orders were spelled that have another number now, by the transfer that brought them."""

    def apply(self, table: str, row_id: int, new: str | None) -> None:
        """Give a row another key; without one forget it, which only what was remembered can be."""
        key = next((key for key in KEYS if _name(key) == table and key.within is not None), None)
        if key is None or (new is None) != (table in _MATCHES):
            raise Problem(
                "Nothing was upgraded: {row} is nothing that can be renamed or forgotten. Write what the upgrade named.", ProblemCode.NO_VALUE,
                row=f"{table}:{row_id}",
            )
        row = self._row(key, row_id)
        if new is None:
            made = _table(table, "id")
            self._connection.execute(sa.delete(made).where(made.c.id == row_id))
            return
        kept = _nfc(new.strip())
        if not kept or len(kept) > _LONGEST:
            raise Problem(
                "Nothing was upgraded: «{new}» is no number or code: it has 1 to {most} characters.", ProblemCode.NO_VALUE, new=new, most=_LONGEST
            )
        if (key.table, key.column) in _RECEIVED and row[key.column] is not None:
            self._rename_received(row["partner_id"], row[key.column], kept, response=row.get("type") == "response")
        else:
            self._rename(key.table, key.column, {"id": row_id}, kept, {name: row[name] for name in key.within or ()})

    def _row(self, key: Key, row_id: int) -> Mapping[str, Any]:
        made = _table(key.table, *{"id", key.column, *(key.within or ())})
        row = self._connection.execute(sa.select(*made.c).where(made.c.id == row_id)).mappings().first()
        if row is None:
            raise Problem("Nothing was upgraded: there is no {row}.", ProblemCode.NO_VALUE, row=f"{key.table}:{row_id}")
        return dict(row)

    def _rename(
        self, table: str, column: str, which: Mapping[str, Any], new: str, within: Mapping[str, Any] | None = None
    ) -> None:
        names = {column, *which, *(within or {})}
        made = _table(table, *names)
        own = [made.c[name] == value for name, value in which.items()]
        if within is not None:
            others = [made.c[column] == new, *(made.c[name] == value for name, value in within.items())]
            if self._connection.execute(sa.select(sa.literal(1)).where(*others)).first() is not None:
                raise Problem("Nothing was upgraded: there is {new} already. Give another one.", ProblemCode.CODE_TAKEN, new=new)
        self._connection.execute(sa.update(made).where(*own).values({column: new}))

    def _rename_received(self, partner_id: int, old: str, new: str, *, response: bool) -> None:
        """Rename one order of a partner wherever it stands; the partner goes on reading their own number."""
        ledger = _table("ledger", "partner_id", "number", "type", "inbound_transfer_id")
        own = [ledger.c.partner_id == partner_id, ledger.c.number == old]
        own.append(ledger.c.type == "response" if response else ledger.c.type != "response")
        there = sa.select(sa.literal(1)).where(ledger.c.partner_id == partner_id, ledger.c.number == new)
        if self._connection.execute(there).first() is not None:
            raise Problem("Nothing was upgraded: there is {new} already. Give another one.", ProblemCode.CODE_TAKEN, new=new)
        for transfer in self._connection.execute(sa.select(ledger.c.inbound_transfer_id).where(*own)).scalars():
            self.of_transfers.setdefault(transfer, {})[new] = old
        self._connection.execute(sa.update(ledger).where(*own).values(number=new))
        if response:
            return
        others = (*_RECEIVED[1:], ("hold", "number"), ("difference", "order_number"))
        for table, column in others:
            self._rename(table, column, {"partner_id": partner_id, column: old}, new)


def _note_spellings(connection: sa.Connection, renamed: _Renames) -> None:
    """Keep how keys were spelled in mails that went out, and in mails that came."""
    lines = _table("purchase_order_line", "purchase_order_id", "line_id", "product_code", "supplier_code")
    of_orders = sa.select(*lines.c).where(
        lines.c.purchase_order_id.between(sa.bindparam("first"), sa.bindparam("last"))
    )
    for rows in _pages(connection, "purchase_order", "id", "number", "state"):
        gone = {row.id: row.number for row in rows if row.state not in {"draft", "confirmed"}}
        sent: dict[int, dict[str, str]] = {}
        for row_id, number in gone.items():
            _spell(sent, row_id, number)
        for line in connection.execute(of_orders, {"first": rows[0].id, "last": rows[-1].id}):
            if line.purchase_order_id in gone:
                _spell(sent, line.purchase_order_id, line.line_id, line.product_code, line.supplier_code)
        _write(connection, "purchase_order", "id", "spelled", sa.JSON(), sent.items())
    _note_received(connection, renamed)


def _note_received(connection: sa.Connection, renamed: _Renames) -> None:
    ledger = _table("ledger", "inbound_transfer_id", "type", "number", "sales_order_id")
    booked = _table("sales_order_line", "sales_order_id", "line_id", "product_code")
    here = [
        ledger.c.inbound_transfer_id.between(sa.bindparam("first"), sa.bindparam("last")),
        ledger.c.type != "response",
    ]
    numbers = sa.select(ledger.c.inbound_transfer_id, ledger.c.number).where(*here)
    lines = (
        sa.select(ledger.c.inbound_transfer_id, booked.c.line_id, booked.c.product_code)
        .select_from(ledger.join(booked, booked.c.sales_order_id == ledger.c.sales_order_id))
        .where(*here)
    )
    for rows in _pages(connection, "inbound_transfer", "id"):
        ends = {"first": rows[0].id, "last": rows[-1].id}
        came: dict[int, dict[str, str]] = {}
        for query in (numbers, lines):
            for transfer, *keys in connection.execute(query, ends):
                _spell(came, transfer, *keys)
        for (transfer,) in rows:
            if transfer in renamed.of_transfers:
                came.setdefault(transfer, {}).update(renamed.of_transfers[transfer])
        _write(connection, "inbound_transfer", "id", "spelled", sa.JSON(), came.items())


def _spell(found: dict[int, dict[str, str]], row_id: int, *keys: str | None) -> None:
    for key in keys:
        if key is not None and (kept := _nfc(key)) != key:
            found.setdefault(row_id, {})[kept] = key


def _write_values(connection: sa.Connection, table: str, column: str) -> None:
    row = "sales_order_id" if table == "review_reply" else "id"
    for rows in _pages(connection, table, row, column, json=column):
        changes = [(row_id, kept) for row_id, value in rows if (kept := _deep(value)) != value]
        _write(connection, table, row, column, sa.JSON(), changes)


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
    if rows:
        connection.execute(statement, rows)
