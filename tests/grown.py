"""Databases of a site that has worked for years: one order's way, copied by the database itself as often as one likes.

`Years` looks at what stands in a database once an order went its way. `grow` copies those rows: each copy has ids,
numbers and digests of its own and points to the rows of the same copy, so that whatever the product reads of it is as
consistent as the first. Two sites that are both grown by as many copies agree on every mail between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, text

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.tables import (
    Answer,
    DeliveryAttempt,
    Difference,
    Event,
    Hold,
    InboundMail,
    InboundTransfer,
    Ledger,
    MailboxUid,
    OutboundBody,
    OutboundMail,
    OutboundOrder,
    PurchaseOrder,
    PurchaseOrderChange,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderLine,
    Table,
)
from intergestan_db.tables.types import UtcDateTime

GROWS: tuple[type[Table], ...] = (
    *(InboundMail, InboundTransfer, OutboundMail, OutboundBody, DeliveryAttempt),
    *(PurchaseOrder, PurchaseOrderLine, PurchaseOrderChange, OutboundOrder),
    *(SalesOrder, SalesOrderLine, Ledger, Answer, Difference, Hold, MailboxUid, Event),
)
"""Tables of which orders and mails leave rows; none points to a later one."""
NAMES = frozenset(table.__tablename__ for table in GROWS)

EVERY = timedelta(days=1) / 1000
"""Between two orders: a thousand of them are a day."""
_SUBJECTS = ", ".join(f"'{machine.name}'" for machine in states.MACHINES if machine.table.__tablename__ in NAMES)
_NUMBERED = "{old} || '-' || {n}"
_OF_ITS_OWN = {
    **dict.fromkeys(("number", "number_key", "order_number", "customer_order_number"), _NUMBERED),
    **dict.fromkeys(("supplier_order_number", "sales_order_number"), _NUMBERED),
    **dict.fromkeys(("transfer_id", "jti"), "substr({old}, 1, 24) || {digits}"),
    **dict.fromkeys(("sha256", "transfer_digest"), "substr({old}, 1, 52) || {digits}"),
    "message_id": "{digits} || {old}",
    "uid": "{n}",
}
"""How a copy writes what no two rows share."""


class Years:
    """What stands in `database` now is what copies are made of."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.read() as connection:
            self._most = {table: _most(connection, table, _key(table)) for table in GROWS}
            self._numbered = {table: _most(connection, table, "seq") for table in (OutboundMail, InboundTransfer)}
        self._stride = max(self._most.values())
        self._there = 0

    @property
    def last_number(self) -> int:
        """The highest number of a mail, in either direction."""
        with self._database.read() as connection:
            return max(_most(connection, table, "seq") for table in self._numbered)

    def grow(self, copies: int, above: int | None = None) -> None:
        """Add so many copies, the oldest first, all of them older than what they are copies of.

        :param above: the number behind which those of their mails go on; it is the same at both sites (`grow_all`).
        """
        above = self.last_number if above is None else above
        with self._database.transaction() as connection:
            if not self._database.is_sqlite:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            base = max(_most(connection, table, _key(table)) for table in GROWS)
            for table in GROWS:
                connection.exec_driver_sql(self._copy(table, copies, base, above))
            connection.exec_driver_sql(
                "UPDATE partner SET out_seq = coalesce((SELECT max(seq) FROM outbound_mail AS o"
                " WHERE o.partner_id = partner.id AND o.epoch = partner.out_epoch), out_seq)"
            )
            if not self._database.is_sqlite:
                for table in GROWS:
                    if "id" in table.__table__.columns:
                        name = table.__tablename__
                        connection.exec_driver_sql(
                            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM \"{name}\""
                        )
        self._there += copies
        analyze(self._database)

    def _copy(self, table: type[Table], copies: int, base: int, seq: int) -> str:
        columns = [column.name for column in table.__table__.columns]
        values = ", ".join(self._value(table, column, copies, base, seq) for column in columns)
        series = (
            f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {copies}) SELECT n FROM s) AS s"
            if self._database.is_sqlite
            else f"generate_series(1, {copies}) AS s(n)"
        )
        name, key, names = table.__tablename__, _key(table), ", ".join(f'"{column}"' for column in columns)
        some = f" AND t.subject IN ({_SUBJECTS})" if table is Event else ""
        return (
            f'INSERT INTO "{name}" ({names}) SELECT {values} FROM {series} CROSS JOIN "{name}" AS t'
            f" WHERE t.{key} <= {self._most[table]}{some} ORDER BY s.n, t.{key}"
        )

    def _value(self, table: type[Table], name: str, copies: int, base: int, seq: int) -> str:
        column = table.__table__.columns[name]
        old, moved = f't."{name}"', f't."{name}" + {base} + (s.n - 1) * {self._stride}'
        points = any(key.column.table.name in NAMES for key in column.foreign_keys)
        if name == "id" or points or (table is Event and name == "subject_id"):
            return moved
        if name == "seq" and table in self._numbered:
            return f"{old} + {seq} + (s.n - 1) * {self._numbered[table]}"
        if isinstance(column.type, UtcDateTime):
            return f"{old} - ({copies} - s.n + 1) * CAST({round(EVERY.total_seconds() * 10**6)} AS BIGINT)"
        number = f"({self._there} + s.n)"  # the same at either site
        digits = f"printf('%012x', {number})" if self._database.is_sqlite else f"lpad(to_hex({number}), 12, '0')"
        return _OF_ITS_OWN.get(name, "{old}").format(old=old, n=number, digits=digits)


def grow_all(years: Sequence[Years], copies: int) -> None:
    """Add so many copies at sites that exchange mails: what one of them sent, the other received."""
    above = max(each.last_number for each in years)
    for each in years:
        each.grow(copies, above)


def analyze(database: Database) -> None:
    """Let PostgreSQL know what there is, as it finds out by itself in a while. No site's SQLite ever does."""
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _key(table: type[Table]) -> str:
    if table is MailboxUid:
        return "inbound_mail_id"
    return "id" if "id" in table.__table__.columns else "outbound_mail_id"


def _most(connection: Connection, table: type[Table], column: str) -> int:
    most: int = connection.execute(text(f'SELECT coalesce(max({column}), 0) FROM "{table.__tablename__}"')).scalar_one()
    return most
