"""The systemd units: what systemd itself says of them, and that they start what there is."""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
import sys
import tomllib
from collections import defaultdict
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import redis

from intergestan_msg.seal import SigningKey
from intergestan_operations.opening.opening import check_key, redis_url
from intergestan_operations.starting.startup import CONFIGURATION as WRONG
from intergestan_runtime.redis_client import connect
from intergestan_runtime.settings import SiteSettings
from intergestan_runtime.supervisor import CONFIGURATION
from services.cli.running.run import STOP_SECONDS
from services.composer.key_ring import ring_of
from services.sender.__main__ import STOP_SECONDS as SENDER_STOPS
from tests.deploy.artefacts import DEPLOY, HISTORY, PORTS, listens, parse_command, program, run, unknown_variables
from tests.patience import PATIENCE, eventually

UNITS = DEPLOY / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
CURE = "Install Debian's package systemd (.ci/install-packages does); it need not run."
INSTALLED = "/opt/intergestan/bin/"
NOBODY = 65534
EXPOSURE = 30  # tenths: "security at ≤ 3.0"


def settings_of(unit: Path) -> dict[str, list[str]]:
    """The settings of a unit; each may stand several times."""
    found = defaultdict(list)
    for line in unit.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name].append(value)
    return found


def service_of(unit: Path) -> str:
    return re.split(r"[-@.]", unit.name)[1]


SINGLE = [unit for unit in SERVICES if unit.name != "intergestan.service"]


def test_every_service_has_its_unit() -> None:
    assert {service_of(unit) for unit in SINGLE} == set(PORTS)
    assert (UNITS / "intergestan-poller@.service").exists()


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    """`systemd-analyze verify`, with the programs where they are here."""
    here = f"{Path(sys.executable).parent}/"
    for unit in [*SERVICES, UNITS / "intergestan.target"]:
        (tmp_path / unit.name).write_text(unit.read_text().replace(INSTALLED, here))
    found = run(program("systemd-analyze", CURE), "verify", "--man=no", *sorted(tmp_path.iterdir()))
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_the_sandbox_is_tight(unit: Path) -> None:
    found = run(program("systemd-analyze", CURE), "security", "--offline=true", f"--threshold={EXPOSURE}", unit)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_it_starts_what_there_is(unit: Path) -> None:
    (command,) = settings_of(unit)["ExecStart"]
    executable, *arguments = shlex.split(command)
    assert executable == f"{INSTALLED}intergestan"
    assert parse_command(arguments) == ("up" if unit.name == "intergestan.service" else "run")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_its_settings_exist(unit: Path) -> None:
    names = [value.partition("=")[0] for value in settings_of(unit)["Environment"]]
    assert not unknown_variables(names)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_it_restarts_but_for_a_wrong_configuration(unit: Path) -> None:
    found = settings_of(unit)
    assert found["Restart"] == ["on-failure"]
    assert found["RestartPreventExitStatus"] == [str(WRONG)] == [str(CONFIGURATION)]
    assert (found["Type"], found["NotifyAccess"]) == (["notify"], ["main"])
    assert int(found["WatchdogSec"][0]) >= 30


@pytest.mark.parametrize("unit", SINGLE, ids=lambda unit: unit.name)
def test_each_service_is_a_user_of_its_own_with_a_port_of_its_own(unit: Path) -> None:
    found, service = settings_of(unit), service_of(unit)
    assert found["User"] == [f"intergestan-{service}"]
    port = f"INTERGESTAN_{service.upper()}__HEALTH_PORT={PORTS[service]}"
    assert (port in found["Environment"]) == ("@" not in unit.name), "several pollers cannot share a port"


def test_the_dispatcher_alone_writes_the_high_water_file() -> None:
    """In a folder that is made at the start of the machine, and that every service may look into."""
    assert re.search(
        rf"^d +{HISTORY} +2775 intergestan-dispatcher", (UNITS / "tmpfiles.conf").read_text(), re.MULTILINE
    )
    writers = {service_of(unit) for unit in SINGLE if f"-{HISTORY}" in settings_of(unit)["ReadWritePaths"]}
    assert writers == {"dispatcher"}
    assert not any(HISTORY in path for unit in SINGLE for path in settings_of(unit)["InaccessiblePaths"])


def given(name: str) -> set[str]:
    """The services that are given a credential."""
    return {
        service_of(unit)
        for unit in SINGLE
        if any(each.startswith(f"{name}:") for each in settings_of(unit)["LoadCredential"])
    }


def test_who_is_given_which_key() -> None:
    assert given("signing") == {"composer"}
    assert given("bounce.key") == {"composer", "importer"}
    assert given("base.key") == {"sender", "poller"}
    assert given("redis") == set(PORTS)


def test_redis_has_a_password_that_the_site_knows(tmp_path: Path) -> None:
    """`guard-redis` on a configuration as Debian's is; typed twice it changes nothing. A real server reads it."""
    debian, secrets = tmp_path / "etc", tmp_path / "secrets"
    debian.mkdir()
    secrets.mkdir(mode=0o700)
    conf = debian / "redis.conf"
    conf.write_text(f"port 0\nunixsocket {tmp_path}/socket\nunixsocketperm 777\ndir {tmp_path}\nappendonly yes\n")
    for _time in range(2):
        done = run(UNITS / "guard-redis", secrets / "redis", conf)
        assert done.returncode == 0, done.stderr
    password = (secrets / "redis").read_text().strip()
    assert len(password) == 64
    assert password not in done.stdout
    assert conf.read_text().count("include ") == 1
    for file in (secrets / "redis", debian / "intergestan.conf"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    settings = tomllib.loads((UNITS / "intergestan.toml").read_text())["site"]
    server: list[str | Path] = [program("redis-server", "Install redis-server."), conf]
    with subprocess.Popen(server, stdout=subprocess.DEVNULL) as process:
        try:
            eventually(partial(listens, tmp_path / "socket"), what="Redis listens")
            url = f"unix://{tmp_path}/socket"
            with closing(connect(url, PATIENCE)) as stranger, pytest.raises(redis.AuthenticationError):
                stranger.ping()
            site = SiteSettings(secrets_dir=secrets, redis_url=url, redis_password=settings["redis_password"])
            with closing(connect(redis_url(site), PATIENCE)) as ours:
                assert ours.ping()
        finally:
            process.terminate()
            process.wait(PATIENCE)


def test_the_composer_finds_a_new_signing_key_among_its_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd.exec(5): each file of a folder that is loaded as `signing` is called signing_FILE, with mode 0440."""
    found = settings_of(UNITS / "intergestan-composer.service")
    assert "signing:/etc/intergestan/keys/signing" in found["LoadCredential"]
    (key_file,) = (each for each in found["Environment"] if "KEY_FILE=%d/signing" in each)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    first, second = SigningKey.generate(), SigningKey.generate()
    for name, key in (("site.key", first), (f"site.key.{second.public.kid}", second)):
        (tmp_path / f"signing_{name}").write_bytes(key.to_pem())
        (tmp_path / f"signing_{name}").chmod(0o440)
    keys = ring_of(Path(key_file.partition("=")[2].replace("%d", str(tmp_path))))
    assert [keys.key(key.public.kid).public for key in (first, second)] == [first.public, second.public]


def test_a_service_that_may_not_enter_the_folder_of_keys_starts(tmp_path: Path) -> None:
    """As it is with /etc/intergestan/keys: it belongs to the owner of the base, and services get credentials."""
    folder = tmp_path / "signing"
    folder.mkdir()
    (folder / "site.key").write_bytes(SigningKey.generate().to_pem())
    folder.chmod(0)
    if (child := os.fork()) == 0:
        code = 1
        try:
            if os.geteuid() == 0:
                os.setuid(NOBODY)
            check_key(SiteSettings(key_file=folder / "site.key"), "the id of another key")
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    folder.chmod(0o700)


def test_only_sender_poller_and_geocoder_speak_to_the_world_and_the_first_two_open_passwords() -> None:
    closed = {service_of(unit) for unit in SINGLE if settings_of(unit)["IPAddressDeny"] == ["any"]}
    assert closed == {"composer", "importer", "dispatcher", "allocator"}
    assert given("base.key") == {"sender", "poller"}


def test_there_is_time_to_stop() -> None:
    for unit in SINGLE:
        seconds = int(settings_of(unit)["TimeoutStopSec"][0])
        assert seconds > (SENDER_STOPS if service_of(unit) == "sender" else 30)
    whole = int(settings_of(UNITS / "intergestan.service")["TimeoutStopSec"][0])
    assert whole > max(STOP_SECONDS.values()) + 10, "the embedded Redis stops last"


def test_users_and_folders_are_made(tmp_path: Path) -> None:
    """systemd-sysusers and systemd-tmpfiles make what the units name, in a root of their own."""
    for kind, source in (("sysusers.d", "sysusers.conf"), ("tmpfiles.d", "tmpfiles.conf")):
        (tmp_path / "usr/lib" / kind).mkdir(parents=True)
        (tmp_path / "usr/lib" / kind / "intergestan.conf").write_text((UNITS / source).read_text())
    (tmp_path / "etc").mkdir()
    made = run(program("systemd-sysusers", CURE), f"--root={tmp_path}")
    assert made.returncode == 0, made.stderr
    assert "not a valid" not in made.stderr, made.stderr
    users = {line.split(":")[0] for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0]: line.split(":")[3] for line in (tmp_path / "etc/group").read_text().splitlines()}
    for unit in SERVICES:
        found = settings_of(unit)
        assert set(found["User"]) <= users
        assert set(found["Group"]) | set(found["SupplementaryGroups"]) <= set(groups)
        if found["SupplementaryGroups"]:
            assert found["User"][0] in groups["intergestan-archive"].split(",")
    if os.getuid() == 0:  # who is not root cannot give folders to others
        made = run(program("systemd-tmpfiles", CURE), f"--root={tmp_path}", "--create")
        assert made.returncode == 0, made.stderr
        archive = (tmp_path / "var/lib/intergestan/archive").stat()
        assert stat.S_IMODE(archive.st_mode) == 0o2770
        for folder in ("etc/intergestan/keys", "etc/intergestan/keys/signing", "var/lib/intergestan/secrets"):
            assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "var/lib/intergestan").stat().st_mode) == 0o710, "nobody else looks in"
        assert {found["User"][0] for found in map(settings_of, SINGLE)} == set(
            groups["intergestan-services"].split(",")
        )
