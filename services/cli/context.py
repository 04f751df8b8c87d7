"""What one call of the program works with: its settings, the base, the acting user, the bell."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from intergestan_db.bells import Bells
    from intergestan_db.database import Database
    from intergestan_db.enums import Right
    from intergestan_erp.agencies.places import Place
    from intergestan_runtime.settings import SiteSettings
    from intergestan_runtime.steps import Step
    from intergestan_runtime.tracing import Tracer
    from services.cli.settings import CliProcess

USER_VARIABLE = "INTERGESTAN_USER"
HERE_VARIABLE = "INTERGESTAN_HERE"


@dataclass
class Call:
    """One call. Nothing is read or opened before it is asked for.

    :ivar config: the file of `--config`; `login`: the user of `--as`; `here`: the place of `--here`.
    :ivar flags: settings that the command line gives, by dotted name.
    :ivar new_config: the configuration that `init` writes.
    """

    config: Path | None = None
    login: str | None = None
    here: str | None = None
    flags: Mapping[str, Any] = field(default_factory=dict)
    new_config: Path | None = None

    @cached_property
    def settings(self) -> CliProcess:
        """The configuration. Raises `ConfigurationError` with all that is wrong with it."""
        from intergestan_runtime.settings_load import load
        from services.cli.settings import CliProcess

        return load(CliProcess, self.flags, self.config)

    @property
    def site(self) -> SiteSettings:
        """Where the parts of the site are."""
        return self.settings.site

    @cached_property
    def database(self) -> Database:
        """The site's base, checked: it is there, has this release's schema, and the key file is its own."""
        from sqlalchemy.exc import NoResultFound

        from intergestan_db import migrate
        from intergestan_db.site_rows import read_site
        from intergestan_erp.site.day import zone_of
        from intergestan_operations.opening.opening import NoSite, check_key, is_made
        from services.cli.shown import show_times_in

        database = self.unchecked_database
        if not is_made(database):
            self._refuse_lost(database)
            raise NoSite(self.site.database_url)
        try:
            with database.read() as connection:
                migrate.check(connection)
                site = read_site(connection)
        except (NoResultFound, migrate.NotMigrated):
            self._refuse_lost(database)
            raise
        show_times_in(zone_of(site.timezone))
        check_key(self.site, site.key_fingerprint)
        return database

    def _refuse_lost(self, database: Database) -> None:
        from intergestan_operations.opening.lost_database import refuse_lost_database

        refuse_lost_database(self.site, database)

    @cached_property
    def unchecked_database(self) -> Database:
        """The site's base as it is, for `init`, `upgrade` and `doctor`."""
        from intergestan_operations.opening.opening import open_database

        return open_database(self.site)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        from intergestan_erp.site.zone import read_zone

        with self.database.read() as connection:
            return read_zone(connection)

    @cached_property
    def tracer(self) -> Tracer:
        """Where the steps of orders are told. Raises `NotInstalled` where they are to be, and cannot."""
        from intergestan_db.site_rows import read_site
        from intergestan_runtime.tracing import open_tracer

        with self.database.read() as connection:
            code = read_site(connection).code
        return open_tracer(self.settings.tracing, "cli", code)

    @property
    def named_user(self) -> str | None:
        """The login of `--as`, of INTERGESTAN_USER, or of the configuration (G15)."""
        return self.login or os.environ.get(USER_VARIABLE) or self.settings.cli.user

    def user(self, connection: Connection) -> tuple[int, str]:
        """The id and login of the user who acts, for what needs one.

        :raises Problem: when nobody is named, or the name is no user's.
        """
        from intergestan_db.problem import Problem, ProblemCode
        from intergestan_erp.site.setup import find_user

        login = self.named_user
        if login is None:
            raise Problem(
                "Nobody says who you are, so nothing was done: name a user with --as LOGIN, with the variable "
                "INTERGESTAN_USER, or as `user` in the table [cli] of the configuration.",
                ProblemCode.NO_USER,
            )
        return find_user(connection, login), login

    def actor(self, connection: Connection, *, as_machine_user: bool = False) -> str:
        """Who is written down as having done it: the user if one is named, else the one logged in here.

        :param as_machine_user: the latter in any case: the user named cannot act yet.
        :raises Problem: when the name given is no user's.
        """
        if self.named_user and not as_machine_user:
            return self.user(connection)[1]
        import getpass

        return getpass.getuser()[:80]

    def place(self, connection: Connection) -> Place:
        """Where the act is done (D62): `--here`, else INTERGESTAN_HERE, else what the acting user chose, else where the
        site usually does.

        :raises Problem: the place that is named is none.
        """
        from intergestan_erp.agencies.places import place_called, place_of, usual_place

        named = self.here or os.environ.get(HERE_VARIABLE)
        if named:
            return place_called(connection, named)
        chosen = None if self.named_user is None else place_of(connection, self.named_user)
        return chosen or usual_place(connection)

    def entitled(self, connection: Connection, right: Right) -> str:
        """The login of the user who acts, for what needs a right (D31).

        :raises Problem: when nobody is named, the name is no user's, or that user does not have the right.
        """
        from intergestan_erp.people.rights import require

        login = self.user(connection)[1]
        require(connection, login, right)
        return login

    def close(self) -> None:
        """Close what was opened."""
        if "unchecked_database" in self.__dict__:
            self.unchecked_database.dispose()

    def ring(self, step: Step, *row_ids: int) -> bool:
        """Ring for these rows; a lost bell (False) costs seconds, for the dispatcher rings again."""
        if not row_ids:
            return True
        from intergestan_operations.acting.ringing import ring

        return ring(self.site, self.database, step, *row_ids)

    def ring_all(self, bells: Bells) -> None:
        """Ring for the rows of every step."""
        from intergestan_operations.acting.ringing import ring_all

        ring_all(self.site, self.database, bells)


def call_of(context: typer.Context) -> Call:
    """The call that the root command made."""
    call = context.find_root().obj
    assert isinstance(call, Call)
    return call


def may_ask() -> bool:
    """Whether a person sits at the terminal; without one nothing is ever asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
