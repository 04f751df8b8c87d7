"""Alembic's entry: runs on the connection that `migrate.upgrade` hands over."""

from typing import Any, Literal

from alembic import context

from intergestan_db.tables import Table
from intergestan_db.tables.types import Scaled, UtcDateTime


def render_plainly(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own types as what they are in the base, so that an old migration needs no code of ours."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, Scaled | UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_item=render_plainly,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
