"""What a site keeps on its machine is narrowed at each start; where that is not ours to do, the start is refused."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from intergestan_db.database import Database
from intergestan_exchange.history.high_water import Mark
from intergestan_operations.opening.high_water_file import write_file
from intergestan_operations.opening.private_files import OpenToOthers, keep_private, replaceable, wide_places
from intergestan_runtime.settings import SiteSettings
from services.cli.files import write_whole

NOBODY = 65534


@pytest.fixture(autouse=True)
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_base(folder: Path) -> Database:
    """With rows that stand in the -wal as well."""
    database = Database(f"sqlite:///{folder}/site.db")
    with database.transaction() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS a (b)"))
        connection.execute(text("INSERT INTO a VALUES (1)"))
    return database


def test_a_new_database_is_its_owners(tmp_path: Path) -> None:
    database = open_base(tmp_path)
    assert {file.name: mode(file) for file in tmp_path.iterdir()} == dict.fromkeys(
        ("site.db", "site.db-wal", "site.db-shm"), 0o600
    )
    database.dispose()


def test_a_database_of_an_older_release_is_narrowed_as_it_is_opened(tmp_path: Path) -> None:
    """With its journal and shared memory, while somebody else has it open; no lock is lost by that."""
    first = open_base(tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    for file in files:
        file.chmod(0o644)
    with first.transaction() as connection:
        connection.execute(text("INSERT INTO a VALUES (2)"))
        second = Database(first.url)
        with second.read() as reader:
            assert reader.execute(text("SELECT count(*) FROM a")).scalar_one() == 1, "the writer has its lock"
    assert [mode(file) for file in files] == [0o600] * 3
    first.dispose()
    second.dispose()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[SiteSettings, Database]]:
    """A site in a folder that somebody made for everybody, as releases until now have filled it."""
    folder = tmp_path / "site"
    for each in (folder, folder / "archive", folder / "secrets", folder / "history", folder / "appendonlydir"):
        each.mkdir(mode=0o755)
    database = open_base(folder)
    for name in ("log", "history/high-water.json", "site.db"):
        (folder / name).touch()
        (folder / name).chmod(0o644)
    yield SiteSettings(data_dir=folder), database
    database.dispose()


def test_a_start_narrows_what_is_the_sites(site: tuple[SiteSettings, Database]) -> None:
    settings, database = site
    assert {path.name for path in wide_places(settings, database)} == {
        *("site", "archive", "secrets", "history", "appendonlydir"),
        *("site.db", "log", "high-water.json"),
    }
    told = keep_private(settings, database)
    assert len(told) == 8
    assert any(f"could look into {settings.data_dir};" in each for each in told)
    assert list(wide_places(settings, database)) == []
    for path in (settings.data_dir, *settings.data_dir.rglob("*")):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path
    assert keep_private(settings, database) == []


def test_what_an_administrator_made_for_a_group_stays(site: tuple[SiteSettings, Database]) -> None:
    """As `deploy/systemd/tmpfiles.conf` makes them, for services that are users of their own."""
    settings, database = site
    settings.archive_dir.chmod(0o2770)
    history = settings.data_dir / "history"
    history.chmod(0o2775)
    keep_private(settings, database)
    assert (mode(settings.archive_dir), mode(history)) == (0o2770, 0o2775)
    write_file(history / "high-water.json", Mark("x", 1))
    assert mode(history / "high-water.json") == 0o644
    assert list(wide_places(settings, database)) == []


def test_a_folder_above_in_which_others_may_write_is_refused(
    site: tuple[SiteSettings, Database], tmp_path: Path
) -> None:
    """The site's own is closed, but it could be moved away, and another one be put in its place."""
    settings, database = site
    tmp_path.chmod(0o777)
    with pytest.raises(OpenToOthers) as refused:
        keep_private(settings, database)
    assert f"chmod o-w {tmp_path}," in str(refused.value)
    assert len(list(replaceable(settings, database))) == 1
    link = tmp_path / "link"
    link.symlink_to(settings.data_dir)
    assert len(list(replaceable(SiteSettings(data_dir=link), database))) == 1
    for safe in (0o1777, 0o775, 0o755):  # `/tmp`; people whose group is their own; usual
        tmp_path.chmod(safe)
        keep_private(settings, database)
    tmp_path.chmod(0o700)


@pytest.mark.skipif(os.getuid() != 0, reason="who is not root cannot give a folder to somebody else")
def test_a_folder_of_somebody_elses_is_refused(site: tuple[SiteSettings, Database]) -> None:
    """Where others may write, a file of theirs would be taken for ours; the sentence says the cure."""
    settings, database = site
    os.chown(settings.data_dir, NOBODY, NOBODY)
    settings.data_dir.chmod(0o777)
    with pytest.raises(OpenToOthers) as refused:
        keep_private(settings, database)
    assert f"chmod go-rwx {settings.data_dir}" in str(refused.value)
    assert settings.data_dir in wide_places(settings, database)
    settings.data_dir.chmod(0o755)
    keep_private(settings, database)


def test_credentials_of_the_service_manager_are_its_own_affair(
    site: tuple[SiteSettings, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, database = site
    keep_private(settings, database)
    given = settings.data_dir / "credentials"
    given.mkdir(mode=0o755)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    keys = SiteSettings(data_dir=settings.data_dir, key_file=given / "site.key", base_key_file=given / "base.key")
    assert list(wide_places(keys, database)) == []


def test_files_that_people_get_are_theirs(tmp_path: Path) -> None:
    """Exports; and in a folder that was made for a group, such as other software's, the group may read them."""
    write_whole(tmp_path / "orders.csv", b"x")
    assert mode(tmp_path / "orders.csv") == 0o600
    (tmp_path / "orders.csv").chmod(0o644)
    write_whole(tmp_path / "orders.csv", b"y")
    assert mode(tmp_path / "orders.csv") == 0o600
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2770)
    os.umask(0o077)
    write_whole(shared / "orders.csv", b"x")
    assert mode(shared / "orders.csv") == 0o640


def test_the_history_is_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "a" / "history" / "high-water.json"
    write_file(file, Mark("x", 1))
    assert [mode(each) for each in (file, file.parent, file.parent.parent)] == [0o600, 0o700, 0o700]
