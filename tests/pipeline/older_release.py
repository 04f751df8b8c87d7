"""What an older release of ours left behind, frozen as files: its mails, and the rows of its bases."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import MetaData, func, select

from intergestan_db.database import Database
from intergestan_msg.seal import SigningKey
from tests.db.migrations.test_migrations import run
from tests.pipeline.two_sites import SiteUnderTest

Upgraded = Callable[[str, str], SiteUnderTest]
CASES = Path(__file__).parents[1] / "cases"


@dataclass(frozen=True)
class OlderRelease:
    """A release.

    :ivar cases: the folder of its files; `schema`: that of its bases.
    :ivar instant: when its sites are upgraded; `keys`: theirs, by name.
    """

    cases: str
    schema: str
    instant: datetime
    keys: Mapping[str, SigningKey]

    def mail(self, name: str) -> bytes:
        return (CASES / self.cases / f"{name}.eml").read_bytes()

    def rows(self, name: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = json.loads((CASES / self.cases / f"{name}.json").read_text())
        return found

    def put_rows(self, database: Database, name: str) -> None:
        """Bring a base into the state that the release left it in."""
        rows = self.rows(name)
        with database.transaction() as connection:
            run(connection, command.downgrade, self.schema)
            tables = MetaData()
            tables.reflect(connection)
            for table in tables.sorted_tables:
                for row in rows.get(table.name, ()):
                    connection.execute(table.insert().values({name: _value(value) for name, value in row.items()}))
                if not database.is_sqlite and "id" in table.c and rows.get(table.name):
                    last = select(func.max(table.c.id)).scalar_subquery()
                    series = func.pg_get_serial_sequence(f'"{table.name}"', "id")
                    connection.execute(select(func.setval(series, last)).where(series.is_not(None)))


def _value(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"bytes"}:
        return base64.b64decode(value["bytes"])
    if isinstance(value, dict) and set(value) == {"day"}:
        return date.fromisoformat(value["day"])
    return value
