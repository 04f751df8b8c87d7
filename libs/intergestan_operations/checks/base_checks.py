"""The checks of `doctor` about what every site stands on: configuration, base, keys, Redis, archive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from intergestan_db.enums import SERVICES
from intergestan_db.problem import Act
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_operations.opening.opening import is_made
from intergestan_runtime.said import Said, marked


def check_configuration(checkup: Checkup) -> Iterator[Finding]:
    """Whether every setting is known and has a value that may be."""
    from intergestan_runtime.settings_load import ConfigurationError

    subject = Said("Configuration")
    try:
        yield Finding(subject, True, Said("in order; the site is in {folder}", folder=checkup.site.data_dir))
    except ConfigurationError as error:
        for problem in error.problems:
            yield Finding(subject, False, problem, Said("Correct it there, then check again."))


def check_base(checkup: Checkup) -> Iterator[Finding]:
    """Whether the base answers, keeps what it acknowledges, and has the schema of this release."""
    from sqlalchemy.exc import SQLAlchemyError

    from intergestan_db import migrate
    from intergestan_db.database import AWAY, WeakDurability, first_line, is_conflict
    from intergestan_db.site_rows import has_site
    from intergestan_db.write_trial import try_writing
    from intergestan_operations.opening.lost_database import LostDatabase, refuse_lost_database
    from intergestan_runtime.secrets import SecretError

    subject = Said("Base")
    url = checkup.site.database_url
    try:
        database = checkup.database
        if not has_site(database):
            refuse_lost_database(checkup.site, database)
        if not is_made(database):
            yield Finding(
                subject,
                False,
                Said("{url} does not exist", url=url),
                Said("Make the site, or correct site.database_url."),
                (Act.MAKE_SITE,),
            )
            return
        database.check_durability()
        with database.read() as connection:
            migrate.check(connection)
        try:
            try_writing(database)
        except AWAY as error:
            if is_conflict(error):
                raise  # somebody writes all the time
            text = Said("{url} answers and takes no writes: {error}", url=url, error=first_line(error))
            yield Finding(subject, False, text, _cure_of_writes(url))
            return
        yield Finding(subject, True, Said("{url}, schema {schema}", url=url, schema=migrate.HEAD))
    except LostDatabase as error:
        cure = Said("Bring it back from a backup, then note the restore before any service runs.")
        yield Finding(subject, False, error, cure, (Act.NOTE_RESTORE,))
    except migrate.LaterRelease as error:
        yield Finding(subject, False, error, Said("Install that release here too."))
    except migrate.NotMigrated as error:
        yield Finding(subject, False, error, next=(Act.UPGRADE,))
    except WeakDurability as error:
        yield Finding(subject, False, error, Said("Change that setting: orders could be lost."))
    except SecretError as error:
        yield Finding(subject, False, error, Said("Write the secret file."))
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        yield Finding(
            subject,
            False,
            Said("{url} does not answer: {error}", url=url, error=" ".join(str(cause).split())),
            _cure_of_base(url),
        )


def _cure_of_base(url: str) -> Said:
    if url.startswith("sqlite:"):
        return Said(
            "Look whether the disk is full, and whether you may write to the file and its folder; else bring it back."
        )
    return Said("Start the database server, or correct site.database_url.")


def _cure_of_writes(url: str) -> Said:
    if url.startswith("sqlite:"):
        return Said("Make room on the disk, or let the user who runs the services write to the file and its folder.")
    return Said(
        "Make room where the server keeps its data; if it is a standby or was demoted, let site.database_url lead to "
        "the primary. Orders wait safely meanwhile and go on by themselves."
    )


def check_history(checkup: Checkup) -> Iterator[Finding]:
    """Whether the database is the newest that the site had, as far as its surroundings know."""
    from intergestan_operations.opening.high_water_file import OlderDatabase
    from intergestan_operations.opening.older_database import refuse_older_database

    subject = Said("History")
    try:
        refuse_older_database(checkup.site, checkup.database)
        yield Finding(subject, True, Said("nothing here is newer than the database"))
    except OlderDatabase as error:
        yield Finding(subject, False, error, Said("Note the restore while no service runs."), (Act.NOTE_RESTORE,))


def check_own_keys(checkup: Checkup) -> Iterator[Finding]:
    """Whether our private keys and the key of the sealed passwords are there, and ours."""
    from intergestan_db.problem import Act, Problem
    from intergestan_db.published import SEALING_KEY, read_published
    from intergestan_db.site_rows import read_site
    from intergestan_exchange.keys.key_files import file_of
    from intergestan_operations.opening.keys import read_key
    from intergestan_runtime.sealed_passwords import public_half
    from intergestan_runtime.secrets import SecretError, read_base_key

    with checkup.database.read() as connection:
        site, published = read_site(connection), read_published(connection, SEALING_KEY)
    subject = Said("Key of the site")
    for kid in filter(None, (site.key_fingerprint, site.next_key)):
        file = file_of(checkup.site.key_file, kid)
        try:
            if read_key(file).public.kid == kid:
                yield Finding(subject, True, Said("{code}, {kid}", code=site.code, kid=kid))
            else:
                yield Finding(
                    subject,
                    False,
                    Said("{file} is not the key of this site", file=file),
                    Said("A copy of a base is no second site: bring the site's own key back, or make a new site."),
                )
        except SecretError as error:
            yield Finding(subject, False, error, Said("chmod 600 {file}", file=file))
        except Problem as error:
            yield Finding(subject, False, error, Said("Bring the file back from a backup."))
    subject = Said("Key of the passwords")
    try:
        half = public_half(read_base_key(checkup.site.base_key_file))
        if half == published:
            yield Finding(subject, True, Said("{file}", file=checkup.site.base_key_file))
        else:
            text = marked("{file} is not the key for which the database asks passwords to be sealed")
            cure = Said("Bring the site's own key back from a backup; a new one is published by an upgrade.")
            yield Finding(subject, False, Said(text, file=checkup.site.base_key_file), cure, (Act.PUBLISH_SEAL,))
    except SecretError as error:
        cure = Said("Bring it back from a backup, or enter the passwords of relay and mailboxes again.")
        yield Finding(subject, False, error, cure)


def check_redis(checkup: Checkup) -> Iterator[Finding]:
    """Whether the bell rings: it answers, keeps what it is given, and its clock is ours."""
    from intergestan_operations.opening.opening import redis_url
    from intergestan_runtime.broker import ClockSkew, check_clock, try_writing
    from intergestan_runtime.redis_client import REDIS_FAILURES, REFUSALS, connect
    from intergestan_runtime.secrets import SecretError

    subject = Said("Redis")
    cure = (
        Said("It is the embedded one: it starts with the site.")
        if checkup.site.redis_url is None
        else Said("Start the server, or correct site.redis_url. Orders wait safely in the base meanwhile.")
    )
    try:
        with closing(connect(redis_url(checkup.site), patience=5)) as client:
            check_clock(client)
            try:
                try_writing(client, _trial_key(checkup))
            except REFUSALS as error:
                refusal = Said("it answers and takes no writes: {error}", error=error)
                yield Finding(subject, False, refusal, _cure_of_refusal(error))
                return
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
        if policy in {None, "noeviction"}:
            yield Finding(subject, True, Said("it answers, its clock agrees with ours"))
        else:
            yield Finding(
                subject,
                False,
                Said("it may throw bells away (maxmemory-policy {policy})", policy=policy),
                Said("Set maxmemory-policy noeviction in its configuration."),
            )
    except ClockSkew as error:
        yield Finding(subject, False, error, Said("Set both clocks by NTP."))
    except SecretError as error:
        yield Finding(subject, False, error, Said("Write the secret file."))
    except REDIS_FAILURES as error:
        acts = (Act.START_SITE,) if checkup.site.redis_url is None else ()
        yield Finding(subject, False, Said("it does not answer: {error}", error=error), cure, acts)


def _cure_of_refusal(error: Exception) -> Said:
    """By what it answers: MISCONF, NOREPLICAS, LOADING, else OOM or READONLY."""
    from redis import BusyLoadingError

    if isinstance(error, BusyLoadingError):
        return Said("It goes on by itself once it has read its data. Orders wait safely in the base meanwhile.")
    if "MISCONF" in str(error):
        return Said(
            "Its log says why it cannot save: make room on its disk, or let it write there. Orders wait safely in the "
            "base meanwhile."
        )
    if "NOREPLICAS" in str(error):
        return Said(
            "Bring its replicas back, or lower min-replicas-to-write. Orders wait safely in the base meanwhile."
        )
    return Said(
        "Make room in it (maxmemory), or let site.redis_url lead to the master, not to a replica. Orders wait safely "
        "in the base meanwhile."
    )


def _trial_key(checkup: Checkup) -> str:
    """A key that the site's Redis user may write; what it is called hangs on the site, if the base tells."""
    from sqlalchemy.exc import SQLAlchemyError

    from intergestan_db.site_rows import read_site

    try:
        with checkup.database.read() as connection:
            code = read_site(connection).code
    except SQLAlchemyError:
        code = "doctor"  # the base has its own line
    return f"{{intergestan:{code}}}:trial"


def check_services(checkup: Checkup) -> Iterator[Finding]:
    """Whether every service gives the sign of life that its working threads prove: one that does not, does no work."""
    from intergestan_db.leases import living_workers

    now, subject = checkup.database.now(), Said("Services")
    with checkup.database.read() as connection:
        alive = set(living_workers(connection, now).values())
    missing = [service for service in SERVICES if service not in alive]
    if not missing:
        yield Finding(subject, True, Said("each of them works"))
    elif alive:
        text = Said("no sign of life from {services}", services=", ".join(missing))
        yield Finding(
            subject, False, text, Said("Its log says why it ended or hangs."), (Act.START_SITE, Act.START_SERVICE)
        )
    else:
        text = Said("none of them runs, so nothing is sent, fetched or booked")
        yield Finding(subject, False, text, next=(Act.START_SITE,))


def check_archive(checkup: Checkup) -> Iterator[Finding]:
    """Whether mails can be archived, and there is room for them."""
    from intergestan_exchange.health.alarms import disk_filling
    from intergestan_exchange.mailboxes.archive_rows import count_kept
    from intergestan_operations.checks.archive_check import try_archive
    from intergestan_operations.opening.stores import open_archive
    from intergestan_runtime.archive import ArchiveError, NoSpace, Unreachable
    from intergestan_runtime.secrets import SecretError

    subject = Said("Archive")
    place = checkup.site.archive_url or checkup.site.archive_dir
    try:
        archive = open_archive(checkup.site)
        try_archive(archive, lambda: count_kept(checkup.database))
        archive.check_space()
        (full,) = disk_filling(archive.room()) or (None,)
        if full is not None:
            text = Said(
                "The disk is nearly full ({value} free): mails will soon not be collected any more.", value=full.value
            )
            yield Finding(subject, False, text, Said("Make room; never delete files of the archive."))
            return
        yield Finding(subject, True, Said("{folder} can be written", folder=place))
    except NoSpace as error:
        yield Finding(subject, False, error, Said("Make room on the disk; polling pauses until then."))
    except Unreachable as error:
        cure = Said("Correct site.archive_url and the keys beside it; mails stay in the mailboxes until then.")
        yield Finding(subject, False, error, cure)
    except SecretError as error:
        yield Finding(subject, False, error, Said("Write the secret file."))
    except ArchiveError as error:
        if not isinstance(error.__cause__, OSError):
            yield Finding(
                subject,
                False,
                Said("{folder}: {error}", folder=place, error=error),
                Said("Bring it back, or correct the settings."),
            )
            return
        text = Said("{folder} cannot be written: {error}", folder=place, error=_os_error(error))
        yield Finding(subject, False, text, Said("Give the folder to the user who runs the services."))


def _os_error(error: Exception) -> str:
    return error.__cause__.strerror or "" if isinstance(error.__cause__, OSError) else str(error)
