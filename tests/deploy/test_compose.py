"""The compose files and the recipes of the images: schema, security linters, and that they name what there is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
from compose_spec import PyCompose

from intergestan_db.enums import OPTIONAL_SERVICES, SERVICES
from intergestan_msg.seal import SigningKey
from intergestan_operations.opening.opening import redis_url
from intergestan_operations.opening.stores import open_archive
from intergestan_runtime.redis_client import connect
from intergestan_runtime.secrets import Sealer, read_key_file
from intergestan_runtime.settings import ENV_PREFIX, SiteSettings
from services.sender.__main__ import STOP_SECONDS
from tests.deploy.artefacts import (
    ARCHIVISTS,
    DEPLOY,
    HISTORY,
    PORTS,
    ROOT,
    listens,
    parse_command,
    program,
    read_yaml,
    run,
    unknown_variables,
)
from tests.patience import PATIENCE, eventually

FILES = (DEPLOY / "compose.yaml", DEPLOY / "two-sites.yaml")
RECIPES = (DEPLOY / "Dockerfile", DEPLOY / "two-sites/mail/Dockerfile")
CURE = "It is pinned in requirements/test.txt: run `make test`, or pip install it."
SITES = {"compose.yaml": ("",), "two-sites.yaml": ("shop-", "depot-")}

Service = Mapping[str, Any]


def services(file: Path) -> Mapping[str, Service]:
    found: Mapping[str, Service] = read_yaml(file)["services"]
    return found


def ours(file: Path) -> Iterator[tuple[str, str, Service]]:
    """The services of a file that are ours: site, service, definition."""
    for site in SITES[file.name]:
        for name in PORTS:
            yield site, name, services(file)[f"{site}{name}"]


every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


def check_schema(content: Any) -> None:
    """With variables as they are without an environment; compose, too, checks what it has put them into."""
    PyCompose.from_json(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", json.dumps(content))).to_spec()


@every_file
def test_the_schema(file: Path) -> None:
    check_schema(read_yaml(file))


def test_the_schema_would_refuse() -> None:
    for wrong in ({"volumesx": ["a"]}, {"restart": 5}, {"healthcheck": {"tast": ["x"]}}, {"stop_grace_period": "x y"}):
        with pytest.raises(ValueError, match=r"x-|services|expected|duration"):
            check_schema({"services": {"a": {"image": "b", **wrong}}})


@every_file
def test_the_security_linter(file: Path) -> None:
    done = run(program("compose-lint", CURE), "check", "--no-pager", "-q", "--no-env", file)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: str(file.relative_to(DEPLOY)))
def test_the_recipe(file: Path) -> None:
    done = run(program("hadolint", CURE), file)
    assert done.returncode == 0, done.stdout


@every_file
def test_every_reference_is_defined(file: Path) -> None:
    whole = read_yaml(file)
    for name, service in whole["services"].items():
        assert set(service.get("networks", [])) <= set(whole["networks"]), name
        assert set(service.get("depends_on", {})) <= set(whole["services"]), name
        sources = {each["source"] if isinstance(each, dict) else each for each in service.get("secrets", [])}
        assert sources <= set(whole["secrets"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists() or "certificates" in source or "secrets" in source, source
            else:
                assert source in whole["volumes"], source


@every_file
def test_its_settings_exist(file: Path) -> None:
    for name, service in services(file).items():
        assert not unknown_variables(service.get("environment", {})), name


@every_file
def test_every_service_is_there_with_its_port_and_its_time_to_stop(file: Path) -> None:
    for _site, name, service in ours(file):
        assert service["environment"][f"INTERGESTAN_{name.upper()}__HEALTH_PORT"] == str(PORTS[name])
        assert service["build"]["args"] == {"SERVICE": name, "BASE": "${PYTHON_IMAGE:-python:3.11.13-slim-bookworm}"}
        assert service["image"].startswith(f"intergestan-{name}:")
        assert service["healthcheck"]["test"] == ["CMD", "healthy", "live"]
        assert int(service["stop_grace_period"].removesuffix("s")) > (STOP_SECONDS if name == "sender" else 30)


@every_file
def test_nobody_is_asked_where_addresses_lie_unless_somebody_wants_it(file: Path) -> None:
    """T25, A11: `docker compose up` starts no geocoder and no allocator."""
    profiles = {name: service.get("profiles") for _site, name, service in ours(file)}
    assert {name: each for name, each in profiles.items() if each} == {name: [name] for name in OPTIONAL_SERVICES}


@every_file
def test_each_is_a_user_and_a_role_of_its_own(file: Path) -> None:
    users = {name: service["user"] for _site, name, service in ours(file)}
    assert len(set(users.values())) == len(PORTS)
    assert not any(user.startswith("0:") for user in users.values())
    for _site, name, service in ours(file):
        assert f"//intergestan-{name}@" in service["environment"]["INTERGESTAN_SITE__DATABASE_URL"]


@every_file
def test_who_has_which_secret_and_who_may_go_out(file: Path) -> None:
    whole = read_yaml(file)
    for site, name, service in ours(file):
        sources = {each["source"] if isinstance(each, dict) else each for each in service["secrets"]}
        wanted = {f"{site}{name}-database-password", f"{site}redis-password"}
        wanted |= {f"{site}bounce.key"} if name in {"composer", "importer"} else set()
        wanted |= {f"{site}base.key"} if name in {"sender", "poller"} else set()
        wanted |= {f"{site}console.key"} if name == "console" else set()
        wanted |= {f"{site}archive-key"} if name in ARCHIVISTS else set()
        assert sources == wanted, name
        keys = [volume for volume in service.get("volumes", []) if volume.endswith("/signing:/run/secrets/signing:ro")]
        assert bool(keys) == (name == "composer"), name
        out = [net for net in service["networks"] if net.endswith("outside")]
        assert bool(out) == (name in {"sender", "poller", "geocoder"}), name
        assert whole["networks"][f"{site}inside"] == {"internal": True}


@every_file
def test_a_bucket_is_opened_by_whoever_reads_the_archive(file: Path, tmp_path: Path) -> None:
    """With the lines that the file has for it, and its secret under the name by which the code asks for it."""
    whole = read_yaml(file)
    (tmp_path / "archive-key").touch(0o600)
    (tmp_path / "archive-key").write_text("secret\n")
    for site in SITES[file.name]:
        names = [f"{site}{name}" for name in (*ARCHIVISTS, "cli")]
        head = file.read_text().partition(f"x-{site}environment:")[2].partition("\n\n")[0]
        lines = dict(re.findall(r"^  # (INTERGESTAN_SITE__ARCHIVE_\w+): (\S+)$", head, re.MULTILINE))
        assert not unknown_variables(lines)
        given = {name.removeprefix(f"{ENV_PREFIX}SITE__").lower(): value for name, value in lines.items()}
        open_archive(SiteSettings(data_dir=tmp_path, secrets_dir=tmp_path, **given))
        for name in names:
            service = whole["services"][name]
            targets = {each if isinstance(each, str) else each["target"] for each in service["secrets"]}
            assert given["archive_secret"] in targets, name
            assert "10010" in service["group_add"], "who may read the file"
            assert f"{site}store" in service["networks"], name
        assert whole["networks"][f"{site}store"] == {"internal": True}
        assert {name for name, each in services(file).items() if f"{site}store" in each.get("networks", ())} == set(
            names
        )


@every_file
def test_the_bell_has_a_password_that_no_list_of_processes_shows(file: Path, tmp_path: Path) -> None:
    """The server as the file starts it, with its secret and data elsewhere: strangers are refused, services are not."""
    whole = services(file)
    for site in SITES[file.name]:
        folder = tmp_path / f"{site}bell"
        folder.mkdir()
        (folder / "redis-password").touch(0o600)
        (folder / "redis-password").write_text("s3cret-of-the-bell\n")
        shell, options, script = whole[f"{site}redis"]["command"]
        script = script.replace("$$", "$").replace("/run/secrets", str(folder))
        script = script.replace("valkey-server -", f"{program('redis-server', 'Install redis-server.')} - --port 0", 1)
        script = script.replace(" <<END", f" --dir {folder} --unixsocket {folder}/socket <<END", 1)
        with subprocess.Popen([shell, options, script], stdout=subprocess.DEVNULL, cwd=folder) as server:
            try:
                eventually(partial(listens, folder / "socket"), what="the bell listens")
                url = f"unix://{folder}/socket"
                with closing(connect(url, PATIENCE)) as stranger, pytest.raises(redis.AuthenticationError):
                    stranger.ping()
                name = tomllib.loads((DEPLOY / "containers.toml").read_text())["site"]["redis_password"]
                in_image = SiteSettings(secrets_dir=folder, redis_url=url, redis_password=name)
                with closing(connect(redis_url(in_image), PATIENCE)) as ours:
                    assert ours.ping()
                    assert ours.config_get("appendonly") == {"appendonly": "yes"}
                    assert ours.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
                assert b"s3cret" not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
                assert b"s3cret" not in Path(f"/proc/{server.pid}/environ").read_bytes()
            finally:
                server.terminate()
                server.wait(PATIENCE)
        for name in (*PORTS, "cli"):
            service = whole[f"{site}{name}"]
            targets = {each if isinstance(each, str) else each["target"] for each in service["secrets"]}
            assert "redis-password" in targets, name
            assert "10013" in service["group_add"], "who may read the file"


@every_file
def test_base_images_take_a_digest(file: Path) -> None:
    """Each is a variable with the version that we tried, and the recipes are given theirs."""
    for name, service in services(file).items():
        image, build = service["image"], service.get("build", {})
        if build:
            assert re.fullmatch(r"\$\{[A-Z]+_IMAGE:-[a-z.]+:[\w.-]+\}", build["args"]["BASE"]), name
        else:
            assert re.fullmatch(r"\$\{[A-Z]+_IMAGE:-[a-z./]+:[\w.-]+\}", image), name
    for recipe in RECIPES:
        text = recipe.read_text()
        assert re.search(r"^ARG BASE=[a-z]+:[\w.-]+$", text, re.MULTILINE), recipe
        assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE}"}, recipe


@every_file
def test_the_high_water_file_outlives_its_container(file: Path) -> None:
    """A volume where the code looks for it, that the dispatcher and `restored` write and every other service reads."""
    for site in SITES[file.name]:
        for name in (*PORTS, "cli"):
            (volume,) = [each for each in services(file)[f"{site}{name}"]["volumes"] if f":{HISTORY}" in each]
            wanted = f"{site}history:{HISTORY}{'' if name in {'dispatcher', 'cli'} else ':ro'}"
            assert volume == wanted, name


def test_who_reads_the_archive() -> None:
    assert {"poller", "importer", "dispatcher"} == ARCHIVISTS


@every_file
def test_all_that_runs_is_confined(file: Path) -> None:
    for name, service in services(file).items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "memory" in service["deploy"]["resources"]["limits"], name
        assert service["image"].partition(":")[2] not in {"", "latest"}, name
        assert service.get("read_only") or name.endswith("-mail"), name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name


@every_file
def test_the_base_is_brought_up_to_date_before_any_service_starts(file: Path) -> None:
    for site, _name, service in ours(file):
        assert service["depends_on"][f"{site}roles"] == {"condition": "service_completed_successfully"}
        migrate = services(file)[f"{site}migrate"]
        assert parse_command(migrate["command"]) == "upgrade"
        roles = services(file)[f"{site}roles"]
        assert roles["depends_on"] == {f"{site}migrate": {"condition": "service_completed_successfully"}}


def test_a_wrong_command_would_be_found() -> None:
    with pytest.raises(Exception, match="nonsense"):
        parse_command(["run", "--nonsense"])


def test_the_recipe_copies_what_there_is() -> None:
    """And the builder is sent nothing else."""
    sent = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    for name in sent:
        assert (ROOT / name).exists(), name
    for service in (*PORTS, "cli"):
        pins = (ROOT / "requirements" / f"{service}.txt").read_text()
        assert "\npsycopg-binary==" in pins, service


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_secrets_of_a_site(tmp_path: Path) -> None:
    """What make-secrets writes our own code reads; a second call changes nothing but whose a new signing key is."""
    made = run(DEPLOY / "make-secrets", tmp_path / "secrets")
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "secrets"
    before = files_of(folder)
    assert set(before) - {"signing/site.key"} == {
        Path(each["file"]).name for each in read_yaml(FILES[0])["secrets"].values()
    }
    SigningKey.from_pem(before["signing/site.key"])
    for name in ("base.key", "bounce.key"):
        (tmp_path / name).touch(0o600)
        (tmp_path / name).write_bytes(before[name])
    assert Sealer.from_file(tmp_path / "base.key").seal(b"x")
    assert len(read_key_file(tmp_path / "bounce.key")) == 32
    rotated = folder / "signing" / "site.key.NEW"
    rotated.touch(0o600)
    assert run(DEPLOY / "make-secrets", folder).returncode == 0
    assert files_of(folder) == before | {"signing/site.key.NEW": b""}
    if os.getuid() == 0:
        users = {name: int(service["user"].split(":")[0]) for _site, name, service in ours(FILES[0])}
        for name, user in users.items():
            status = (folder / f"{name}-database-password").stat()
            assert (status.st_uid, status.st_mode & 0o777) == (user, 0o440)
        for name in ("site.key", "site.key.NEW"):
            assert (folder / "signing" / name).stat().st_uid == users["composer"]


def test_the_secrets_of_two_sites(tmp_path: Path) -> None:
    """All files that two-sites.yaml mounts; the certificates are good for the mail servers' names."""
    shutil.copytree(
        DEPLOY / "two-sites", tmp_path / "two-sites", ignore=shutil.ignore_patterns("secrets", "certificates")
    )
    shutil.copy(DEPLOY / "make-secrets", tmp_path)
    made = run(tmp_path / "two-sites/make-secrets")
    assert made.returncode == 0, made.stderr
    for each in read_yaml(FILES[1])["secrets"].values():
        assert (tmp_path / each["file"]).stat().st_size > 0
    folder = tmp_path / "two-sites/certificates"
    for host in ("shop-mail", "depot-mail"):
        checked = subprocess.run(
            ["openssl", "verify", "-CAfile", folder / "ca.crt", "-verify_hostname", host, folder / f"{host}.crt"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stderr


def test_prometheus_scrapes_every_process_of_both_sites() -> None:
    (job,) = read_yaml(DEPLOY / "two-sites/prometheus.yml")["scrape_configs"]
    targets = {target for group in job["static_configs"] for target in group["targets"]}
    assert targets == {f"{site}{name}:{PORTS[name]}" for site in SITES["two-sites.yaml"] for name in SERVICES}
    said = (DEPLOY / "two-sites/prometheus.yml").read_text()
    for site in SITES["two-sites.yaml"]:
        for name in OPTIONAL_SERVICES:
            assert f"# - targets: [{site}{name}:{PORTS[name]}]" in said
    for _site, name, service in ours(FILES[1]):
        assert service["environment"][f"INTERGESTAN_{name.upper()}__HEALTH_ADDRESS"] == "0.0.0.0"
        assert "monitoring" in service["networks"]


def test_dovecot_understands_its_configuration(tmp_path: Path) -> None:
    """`doveconf -n` of the mail server's image, with a certificate in place of the secret."""
    text = (DEPLOY / "two-sites/mail/dovecot.conf").read_text()
    for name in ("mail.crt", "mail.key"):
        (tmp_path / name).write_text("x")
        text = text.replace(f"/run/secrets/{name}", str(tmp_path / name))
    (tmp_path / "dovecot.conf").write_text(text)
    done = run(program("doveconf", "Install dovecot-imapd."), "-n", "-c", tmp_path / "dovecot.conf")
    assert done.returncode == 0, done.stderr
    assert "protocols = imap lmtp" in " ".join(done.stdout.replace('"', "").split("\n"))
