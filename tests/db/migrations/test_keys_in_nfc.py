"""Schema 0013 keeps keys in one encoding of their accents: what would become one is named, and renamed by words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, select, text

from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.migrate import Rename
from intergestan_db.problem import Problem
from intergestan_db.tables import PurchaseOrder
from tests.site_factories import KeptSites, MakeDatabase, SiteToTest, make_pair

pytestmark = pytest.mark.not_quick

FOLDER = Path(migrate.__file__).parent / "migrations"
NFC, NFD = (normalize(form, "Réappro-7") for form in ("NFC", "NFD"))


def downgrade(connection: Connection, revision: str = "0012") -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def put(connection: Connection, table: str, **values: Any) -> int:
    """A row of an older base, with something in each column that must have it; its id."""
    row = {**{column["name"]: _filled(column) for column in _needed(connection, table)}, **values}
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    return int(
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id"), row).scalar_one()
    )


def _needed(connection: Connection, table: str) -> list[Any]:
    columns = inspect(connection).get_columns(table)
    return [each for each in columns if not each["nullable"] and each["name"] != "id" and each["default"] is None]


def _filled(column: Mapping[str, Any]) -> Any:
    kind = str(column["type"]).upper()
    if "CHAR" in kind or "TEXT" in kind:
        return "x"
    return "2026-11-20" if kind == "DATE" else "{}" if "JSON" in kind else False if kind == "BOOLEAN" else 0


class Old:
    """A site of the release before, with two of everything: once with é as one character, once as two."""

    def __init__(self, site: SiteToTest) -> None:
        self.database: Database = site.database
        with self.database.read() as connection:
            self.partner_id = connection.execute(text("SELECT id FROM partner")).scalar_one()
            self.party_id = connection.execute(text("SELECT party_id FROM partner")).scalar_one()

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def refused(self, *renames: Rename) -> str:
        """What an upgrade says that changes nothing."""
        with pytest.raises(Problem) as refused:
            migrate.upgrade(self.database, renames)
        assert self.rows("SELECT version_num FROM alembic_version") == [("0012",)]
        return str(refused.value)

    def received(self, number: str, place: int) -> None:
        """An order of the partner, booked and answered."""
        with self.database.transaction() as connection:
            mail = put(connection, "inbound_mail", sha256=f"{place:064}", state="done")
            transfer = put(
                *(connection, "inbound_transfer"),
                partner_id=self.partner_id,
                jti=str(place),
                epoch=1,
                seq=place,
                inbound_mail_id=mail,
            )
            order = put(
                *(connection, "sales_order"),
                number=f"CCL{place}",
                customer_id=self.party_id,
                partner_id=self.partner_id,
                customer_order_number=number,
                state="accepted",
                currency="EUR",
            )
            line = {"sales_order_id": order, "line_id": "1", "position": 1, "unit": "C62", "vat_category": "S"}
            put(connection, "sales_order_line", **line)
            put(
                *(connection, "ledger"),
                partner_id=self.partner_id,
                type="order",
                number=number,
                revision=0,
                inbound_transfer_id=transfer,
                outcome="created",
                sales_order_id=order,
            )
            sent = put(
                connection,
                "outbound_mail",
                transfer_id=f"t{place}",
                kind="answers",
                state="sent",
                partner_id=self.partner_id,
            )
            answered = {"partner_id": self.partner_id, "order_number": number, "n": 1, "code": "AP"}
            put(connection, "answer", **answered, outbound_mail_id=sent)
            why = {"partner_id": self.partner_id, "order_number": number, "reason": "price", "outcome": "held"}
            put(connection, "difference", **why)


def make_old(make_database: MakeDatabase) -> list[SiteToTest]:
    """A site of the release before, which has a partner."""
    site, _partner = make_pair(make_database)
    with site.database.transaction() as connection:
        downgrade(connection)
    return [site]


@pytest.fixture
def old(make_database: MakeDatabase, kept_sites: KeptSites) -> Old:
    (site,) = kept_sites.copies("schema 0012", make_database, make_old)
    return Old(site)


def test_third_parties(old: Old) -> None:
    with old.database.transaction() as connection:
        ids = [
            put(connection, "party", code=code, name=name)
            for code, name in (("CAF\u00c9", "STAUBER"), ("CAFE\u0301", "Stauber SAS"), ("THE\u0301", "Thé"))
        ]
    said = old.refused()
    assert f"third parties: CAF\u00c9 (party:{ids[0]} STAUBER / party:{ids[1]} Stauber SAS)" in said
    assert f"--rename party:{ids[1]}=" in said
    migrate.upgrade(old.database, [Rename("party", ids[1], "CAFE\u0301-2")])
    codes = old.rows("SELECT code FROM party WHERE id >= :first ORDER BY id", first=ids[0])
    assert codes == [("CAF\u00c9",), ("CAF\u00c9-2",), ("TH\u00c9",)]


def test_our_orders_and_their_lines(old: Old) -> None:
    with old.database.transaction() as connection:
        head = {"supplier_id": old.party_id, "currency": "EUR", "state": "draft"}
        ids = [put(connection, "purchase_order", number=number, **head) for number in (NFC, NFD)]
        line = {"purchase_order_id": ids[1], "unit": "C62", "vat_category": "S"}
        lines = [put(connection, "purchase_order_line", line_id=line_id, **line) for line_id in ("\u00e9", "e\u0301")]
    said = old.refused()
    assert f"purchase orders: {NFC} (purchase_order:{ids[0]} draft 2026-11-20 / purchase_order:{ids[1]}" in said
    assert f"(purchase_order_line:{lines[0]} / purchase_order_line:{lines[1]})" in said
    one = Rename("purchase_order", ids[1], "R\u00e9appro-8")
    assert "lines of one purchase order" in old.refused(one)
    assert old.rows("SELECT number FROM purchase_order ORDER BY id") == [(NFC,), (NFD,)]
    migrate.upgrade(old.database, [one, Rename("purchase_order_line", lines[0], "2")])
    assert old.rows("SELECT number, number_key FROM purchase_order ORDER BY id") == [
        (NFC, NFC.casefold()),
        ("R\u00e9appro-8", "r\u00e9appro-8"),
    ]
    assert old.rows("SELECT line_id FROM purchase_order_line ORDER BY id") == [("2",), ("\u00e9",)]


def test_a_received_order_has_one_number_wherever_it_stands(old: Old) -> None:
    """Ledger, sales order, answers, differences; the partner goes on reading the number that they wrote."""
    for place, number in enumerate((NFC, NFD), start=1):
        old.received(number, place)
    said = old.refused()
    for what in ("received documents of one partner", "sales orders of one partner", "answers to one partner"):
        assert what in said
    (second,) = old.rows("SELECT id FROM ledger WHERE number = :number", number=NFD)[0]
    assert f"{NFC} is there" not in said
    assert "there is" in old.refused(Rename("ledger", second, NFC))
    migrate.upgrade(old.database, [Rename("ledger", second, "R7-bis")])
    assert old.rows("SELECT number FROM ledger ORDER BY id") == [(NFC,), ("R7-bis",)]
    assert old.rows("SELECT customer_order_number FROM sales_order ORDER BY id") == [(NFC,), ("R7-bis",)]
    assert old.rows("SELECT order_number FROM answer ORDER BY id") == [(NFC,), ("R7-bis",)]
    assert old.rows("SELECT order_number FROM difference ORDER BY id") == [(NFC,), ("R7-bis",)]
    (spelled,) = old.rows("SELECT spelled FROM inbound_transfer WHERE seq = 2")[0]
    assert NFD.encode("ascii", "backslashreplace").decode() in str(spelled) or NFD in str(spelled)


@pytest.mark.parametrize("table", ["answer", "sales_order"])
def test_any_row_of_a_received_order_stands_for_it(old: Old, table: str) -> None:
    for place, number in enumerate((NFC, NFD), start=1):
        old.received(number, place)
    (last,) = old.rows(f"SELECT max(id) FROM {table}")[0]
    migrate.upgrade(old.database, [Rename(table, last, "R7-bis")])
    assert old.rows("SELECT number FROM ledger ORDER BY id") == [(NFC,), ("R7-bis",)]


def test_what_was_remembered_is_forgotten(old: Old) -> None:
    with old.database.transaction() as connection:
        product = put(connection, "product", code="A-1", unit="C62", vat_category="S")
        matched = {"partner_id": old.partner_id, "product_id": product}
        products = [put(connection, "product_match", their_code=code, **matched) for code in (NFC, NFD)]
        customer = {"partner_id": old.partner_id, "party_id": old.party_id}
        customers = [
            put(connection, "customer_match", their_id=number, **customer)
            for number in ("73282932000074", "732 829 320 00074")
        ]
    said = old.refused()
    assert f"--forget product_match:{products[1]}" in said
    assert f"customer_match:{customers[1]}" in said
    assert "remembered customers" in old.refused(Rename("product_match", products[1], None))
    forgotten = [Rename("product_match", products[0], None), Rename("customer_match", customers[1], None)]
    migrate.upgrade(old.database, forgotten)
    assert old.rows("SELECT their_code FROM product_match") == [(NFC,)]
    assert old.rows("SELECT their_id FROM customer_match") == [("73282932000074",)]


def test_what_imports_noted_is_carried(old: Old) -> None:
    """Schema 0016: type and references of orders that came before it go to the supplier too."""
    with old.database.transaction() as connection:
        head = {"supplier_id": old.party_id, "currency": "EUR", "state": "confirmed"}
        ids = [put(connection, "purchase_order", number=number, **head) for number in ("A", "B", "C")]
        noted = (
            '{"type": "226", "prices": {}, "references": {"customer_reference": "Dept 7", "contract": "C-1"}}',
            '{"prices": {}, "references": {"quotation": "DEV-77"}}',
            "{}",
        )
        for order, detail in zip(ids, noted, strict=True):
            of_order = {"subject": "purchase_order", "subject_id": order, "name": "import"}
            put(connection, "event", **of_order, detail=detail)
    migrate.upgrade(old.database)
    with old.database.read() as connection:
        carried = connection.execute(select(PurchaseOrder.carried).order_by(PurchaseOrder.id)).scalars().all()
    assert carried == [{"type_code": "226", "customer_reference": "Dept 7"}, {"quotation_id": "DEV-77"}, None]


@pytest.mark.parametrize(
    ("rename", "words"),
    [
        (Rename("site", 1, "x"), "nothing that can be renamed"),
        (Rename("party", 1, None), "nothing that can be renamed or forgotten"),
        (Rename("product_match", 1, "x"), "nothing that can be renamed"),
        (Rename("party", 99_999, "x"), "there is no party:99999"),
        (Rename("party", 1, " "), "1 to 60 characters"),
        (Rename("party", 1, "x" * 61), "1 to 60 characters"),
    ],
)
@pytest.mark.mainly_on("sqlite")
def test_a_rename_that_is_none(old: Old, rename: Rename, words: str) -> None:
    assert words in old.refused(rename)


@pytest.mark.mainly_on("sqlite")
def test_nothing_is_renamed_later(old: Old) -> None:
    migrate.upgrade(old.database)
    with pytest.raises(Problem, match="only the upgrade to schema 0013 renames"):
        migrate.upgrade(old.database, [Rename("party", 1, "x")])


def test_more_rows_than_are_in_memory_at_a_time(old: Old) -> None:
    """Every row is seen once, however many pages there are, and what was sent keeps its spelling."""
    with old.database.transaction() as connection:
        head = {"supplier_id": old.party_id, "currency": "EUR", "state": "waiting", "version": 1}
        first = put(connection, "purchase_order", number=f"{NFD}-0", **head)
        columns = [each["name"] for each in inspect(connection).get_columns("purchase_order")]
        others = ", ".join(name for name in columns if name not in {"id", "number"})
        for block in range(12):
            numbers = ", ".join(f"('{NFD}-{block * 1000 + place}')" for place in range(1, 1001))
            connection.exec_driver_sql(
                f"INSERT INTO purchase_order (number, {others}) SELECT n.number, {others} FROM purchase_order, "
                f"(SELECT column1 AS number FROM (VALUES {numbers}) AS v) AS n WHERE purchase_order.id = {first}"
            )
    migrate.upgrade(old.database)
    with old.database.read() as connection:
        rows = connection.execute(text("SELECT number, number_key, spelled FROM purchase_order")).all()
    assert {row.number for row in rows} == {f"{NFC}-{place}" for place in range(12_001)}
    assert all(row.number_key == row.number.casefold() and row.spelled for row in rows)
