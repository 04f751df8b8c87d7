"""What the site publishes in its database (`Published`).

Its card is written by the composer, what passwords are sealed under by the owner, the count of customers above their
maximum by an importer.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from intergestan_db.tables import Published

CARD = "card"
"""The site's card, as `intergestan site card` prints it."""
SEALING_KEY = "sealing_key"
"""The public half under which passwords of mail accounts are sealed."""

OVER_LIMIT = "over_limit"
"""The day on which customers were last counted, and how many are above their maximum: `2026-11-30 3`."""


def read_published(connection: Connection, name: str) -> str | None:
    """What is published under this name."""
    return connection.scalar(select(Published.value).where(Published.name == name))


def publish(connection: Connection, name: str, value: str) -> None:
    """Publish it in place of what was."""
    if not connection.execute(update(Published).where(Published.name == name).values(value=value)).rowcount:
        connection.execute(insert(Published).values(name=name, value=value))
