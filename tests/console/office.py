"""A site on SQLite with people and orders, and its console as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from intergestan_db.database import Database
from intergestan_erp.people.invitations import invite
from intergestan_operations.opening.passwords import publish_seal
from intergestan_runtime.secrets import create_key_file
from tests.databases import MigratedBases
from tests.journey.journey_site import USUAL
from tests.journey.service_process import ServiceProcess
from tests.servers.process import HOST, free_port
from tests.services.console.desk import fill_office
from tests.site_factories import SiteToTest, write_site_folder
from tests.tester_disk import ROOMY


@dataclass
class Office:
    """The site, its console, and where that is."""

    site: SiteToTest
    console: ServiceProcess
    url: str
    folder: Path

    def link_for(self, login: str) -> str:
        """What `intergestan user invite` prints."""
        database = self.site.database
        with database.transaction() as connection:
            return f"{self.url}/invitation#{invite(connection, login, by='marie', at=database.now())}"

    @contextmanager
    def running(self, *services: str) -> Iterator[None]:
        """Its other services, as processes of their own, while the block runs."""
        processes = [ServiceProcess(service, self.folder) for service in services]
        try:
            for process in processes:
                process.start()
            for process in processes:
                process.wait_ready()
            yield
        finally:
            for process in processes:
                process.stop()

    def restart(self) -> None:
        """`kill -9`, and a new one."""
        self.console.kill()
        self.console.start()
        self.console.wait_ready()


@contextmanager
def make_office(migrated: MigratedBases, folder: Path, redis_url: str) -> Iterator[Office]:
    database = Database(migrated.new("sqlite", folder))
    site = fill_office(database)
    port = free_port()
    tables: dict[str, Mapping[str, object]] = {
        "site": {"data_dir": str(folder), "database_url": database.url, "redis_url": redis_url, **ROOMY},
        "console": {"port": port},
        **USUAL,
    }
    write_site_folder(folder, site.key, tables)
    base_key = create_key_file(folder / "base.key")
    with database.transaction() as connection:
        publish_seal(connection, base_key)
    office = Office(site, ServiceProcess("console", folder), f"http://{HOST}:{port}", folder)
    office.console.start()
    try:
        office.console.wait_ready()
        yield office
    finally:
        office.console.stop()
        assert office.console.exit_code == 0
        database.dispose()
