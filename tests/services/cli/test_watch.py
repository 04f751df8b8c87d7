"""`intergestan watch`: is the site well?"""

from __future__ import annotations

from pathlib import Path

import pytest

from intergestan_db import leases
from intergestan_db.enums import SERVICES
from tests.servers import RedisServer
from tests.servers.webhook import WebhookServer
from tests.services.cli.conftest import Run
from tests.services.cli.exchange import base


def test_one_look(shop: Path, run: Run, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue 4: `--once --json`, exit code 1 when something is wrong, 0 when nothing is."""
    monkeypatch.setenv("INTERGESTAN_SITE__REDIS_URL", redis_server.url)
    wrong = run("watch", "--once", "--json", cwd=shop)
    assert wrong.code == 1
    assert [(each["name"], each["about"]) for each in wrong.json] == [
        ("ServiceDown", each) for each in sorted(SERVICES)
    ]
    assert {each["severity"] for each in wrong.json} == {"critical"}
    table = run("--lang", "fr", "watch", "--once", cwd=shop)
    assert table.code == 1
    assert "Le service sender ne tourne pas." in table.out
    assert "critique" in table.out
    with base(shop) as database, database.transaction() as connection:
        for service in SERVICES:
            leases.beat(connection, service, service, database.now())
    well = run("watch", "--once", cwd=shop)
    assert (well.code, well.out, well.err) == (0, "", "All is well.\n")
    assert run("watch", "--once", "--json", cwd=shop).json == []


def test_one_look_tells_when_asked(shop: Path, run: Run) -> None:
    """For a firm's own timer: nothing is told of what does not last."""
    with WebhookServer() as hook:
        with (shop / "intergestan.toml").open("a") as settings:
            settings.write(f'\n[alarms]\nwebhook_url = "{hook.url}"\n')
        assert run("watch", "--once", "--tell", cwd=shop).code == 1
        assert hook.posted == []


def test_a_loop_needs_somebody_to_tell(shop: Path, run: Run) -> None:
    refused = run("watch", cwd=shop)
    assert refused.code == 1
    assert "[alarms]" in refused.err
