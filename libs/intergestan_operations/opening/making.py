"""A new site: its folder, its database, its keys, its configuration, and last the site itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.site_rows import has_site
from intergestan_erp.site.setup import NewSite, add_user, create_site
from intergestan_operations.opening.keys import make_bounce_key, make_console_key, make_key, write_private
from intergestan_operations.opening.lost_database import refuse_lost_database
from intergestan_operations.opening.passwords import publish_seal
from intergestan_operations.opening.private_files import keep_private
from intergestan_runtime.private import make_folder
from intergestan_runtime.said import Said
from intergestan_runtime.secrets import create_key_file, read_base_key
from intergestan_runtime.settings import SiteSettings

if TYPE_CHECKING:
    from intergestan_msg.seal import SigningKey

Fill = Callable[[Connection], object]
"""Enters what a new site begins with, in the transaction that makes the site."""


@dataclass(frozen=True, slots=True)
class FirstUser:
    """Who is a user of the site from the beginning."""

    login: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Made:
    """The site's code and its key. :ivar closed: what was open to others on this machine, and is not any more."""

    code: str
    key: SigningKey
    closed: tuple[Said, ...]


def refuse_a_second(site: SiteSettings, database: Database) -> None:
    """Before anything is asked.

    :raises Problem: when there is a site in the database.
    :raises LostDatabase: when there was one, and what it left is still here.
    """
    if has_site(database):
        raise Problem(
            "There is a site in {url} already, so nothing was done: a base has one identity for ever. Choose "
            "another folder or another database for the new site.",
            ProblemCode.SITE_EXISTS,
            url=site.database_url,
        )
    refuse_lost_database(site, database)


def make_site(
    settings: SiteSettings,
    database: Database,
    site: NewSite,
    user: FirstUser,
    fill: Fill | None,
    *,
    configuration: Path | None,
    console_port: int | None = None,
) -> Made:
    """The folder, the database, the keys, the configuration, and last the site itself: who was cut can begin again.

    :param configuration: the file to write, if there is none yet. :param console_port: where its pages are, if that is
        not the usual port.
    :raises WeakDurability: the database may lose what it acknowledged.
    """
    for folder in (settings.data_dir, settings.secrets_dir):
        make_folder(folder)
    closed = tuple(keep_private(settings, database))
    database.check_durability()
    migrate.upgrade(database)
    key = make_key(settings.key_file)
    if not settings.base_key_file.exists():
        create_key_file(settings.base_key_file)
    base_key = read_base_key(settings.base_key_file)
    make_bounce_key(settings)
    make_console_key(settings)
    if settings.key_days is not None:
        site = replace(site, key_until=database.now() + timedelta(days=settings.key_days))
    if configuration is not None:
        _write_configuration(settings, configuration, user.login, console_port)
    with database.transaction() as connection:
        code = create_site(connection, site, key.public, by=user.login, at=database.now())
        add_user(connection, user.login, user.name, user.email, by=user.login, at=database.now())
        publish_seal(connection, base_key)
        if fill is not None:
            fill(connection)
    return Made(code, key, closed)


def _write_configuration(site: SiteSettings, file: Path, login: str, console_port: int | None) -> None:
    """Write down all that is not as it would be anyway; other files of the machine are not read any more."""
    folder = file.parent.absolute()
    usual = SiteSettings(data_dir=site.data_dir)
    lines = ["# Where this site is. docs/settings.md explains every key.", "alone = true", "", "[site]"]
    lines.append(_assigned("data_dir", "." if site.data_dir == folder else site.data_dir))
    for name in SiteSettings.keys:
        value = getattr(site, name)
        if name != "data_dir" and value != getattr(usual, name):
            lines.append(_assigned(name, value))
    lines += ["", "[cli]", _assigned("user", login), ""]
    if console_port is not None:
        lines += ["[console]", f"port = {console_port}", ""]
    write_private(file, "\n".join(lines).encode())


def _assigned(name: str, value: object) -> str:
    """TOML writes numbers, truths and basic strings as JSON does."""
    return f"{name} = {json.dumps(value if isinstance(value, bool | int | float) else str(value), ensure_ascii=False)}"
