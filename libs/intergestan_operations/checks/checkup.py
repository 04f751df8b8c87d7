"""What the checks of a site look at. Nothing is read or opened before a check asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from intergestan_db.database import Database
    from intergestan_runtime.settings import HeartbeatSettings, NoticeSettings, SiteSettings


class CheckedSettings(Protocol):
    """The tables of the configuration that are checked."""

    site: SiteSettings
    notices: NoticeSettings
    heartbeats: HeartbeatSettings


class Checkup:
    """A site that is checked.

    :param load: reads the configuration, and raises `ConfigurationError`.
    :param open_database: the database as it is, checked by nobody; raises `SecretError`.
    """

    def __init__(self, load: Callable[[], CheckedSettings], open_database: Callable[[], Database]) -> None:
        self._load = load
        self._open = open_database

    @property
    def site(self) -> SiteSettings:
        """Where the parts of the site are."""
        return self._load().site

    @property
    def notices(self) -> NoticeSettings:
        """Who is told what waits."""
        return self._load().notices

    @property
    def heartbeats(self) -> HeartbeatSettings:
        """How often heartbeats go out."""
        return self._load().heartbeats

    @property
    def database(self) -> Database:
        """The database as it is."""
        return self._open()
