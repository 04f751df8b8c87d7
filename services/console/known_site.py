"""Whose pages these are: name, code, language and zone of the site, asked again every few seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from intergestan_db.database import AWAY, Database
from intergestan_db.tables import Site
from intergestan_erp.agencies.standing import Standing, read_standing
from intergestan_erp.site.day import zone_of

_KEPT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Known:
    """What every page says of the site. :ivar standing: what it has of agencies, stock and books."""

    name: str
    code: str
    language: str
    zone: ZoneInfo
    standing: Standing = field(default_factory=Standing)


class KnownSite:
    """Asks the database, and not for every page."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = Known("Intergestan", "", "fr", ZoneInfo("UTC"))
        self._until = 0.0

    def read(self) -> Known:
        """The site; as it was last known where the database does not answer: a page that says so has a head, too."""
        if time.monotonic() >= self._until:
            try:
                with self._database.read() as connection:
                    row = connection.execute(select(Site.name, Site.code, Site.language, Site.timezone)).one()
                    standing = read_standing(connection)
            except AWAY:
                return self._known
            self._known = Known(row.name, row.code, row.language, zone_of(row.timezone), standing)
            self._until = time.monotonic() + _KEPT_S
        return self._known

    def read_anew(self) -> Known:
        """The site as it is this moment: somebody just changed what it has."""
        self._until = 0.0
        return self.read()
