"""Issue 13: a database that is gone beside keys and mails is to be restored; nothing makes a new one there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_operations.starting.startup import CONFIGURATION
from services.dispatcher.__main__ import main as dispatcher
from tests.services.cli import exchange
from tests.services.cli.conftest import Run

INIT = ("init", "--name", "Neuf", "--orders-address", "a@neuf.test", "--siret", "80295478500028", "--login", "jean")


def lose(folder: Path) -> None:
    for file in folder.glob("site.db*"):
        file.unlink()


@pytest.mark.parametrize("left", ["the key", "a mail", "the high-water file"])
def test_all_say_that_it_is_to_be_restored(shop: Path, run: Run, left: str) -> None:
    """Whichever of them is left; where it is the mail, the tables are there, as of a base on a server."""
    lose(shop)
    if left == "a mail":
        exchange.archive(shop, b"From: a@b.test\r\n\r\nhello\r\n")
    if left == "the high-water file":
        (shop / "history").mkdir(mode=0o700)
        (shop / "history" / "high-water.json").write_text("{}")
    if left != "the key":
        (shop / "site.key").unlink()
        with exchange.base(shop) as database:
            migrate.upgrade(database)
    before = sorted(shop.iterdir())
    place = {"the key": "site.key", "a mail": "archive", "the high-water file": "high-water.json"}[left]
    for command in (INIT, ("status",), ("up",), ("upgrade",), ("orders", "list")):
        refused = run(*command, cwd=shop)
        assert (refused.code, "intergestan restored" in refused.err, place in refused.err) == (78, True, True), command
    (found,) = [each for each in run("doctor", "--json", cwd=shop).json if not each["ok"]]
    assert (found["subject"], "from a backup" in found["cure"]) == ("Base", True)
    assert "Reprenez-la d'une sauvegarde" in run("--lang", "fr", "doctor", cwd=shop).out
    assert sorted(shop.iterdir()) == before, "nobody made a database"


def test_a_service_refuses_it(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For good: a supervisor need not try again; and it makes none either."""
    lose(shop)
    with pytest.raises(SystemExit) as ended:
        dispatcher(["--config", str(shop / "intergestan.toml")])
    assert ended.value.code == CONFIGURATION
    (event,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert "note the restore" in event["event"]
    assert not (shop / "site.db").exists()


def test_an_init_that_was_cut_is_run_again(run: Run, tmp_path: Path) -> None:
    """It made tables and keys, and no site yet."""
    folder = tmp_path / "new"
    assert run(*INIT, "--data-dir", folder).code == 0
    lose(folder)
    database = Database(f"sqlite:///{folder / 'site.db'}")
    migrate.upgrade(database)
    database.dispose()
    assert run(*INIT, cwd=folder).code == 0
