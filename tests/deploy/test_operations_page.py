"""docs/operations.md: every command of ours that it names can be called so, every file of ours is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from services.cli.app import NAMES
from tests.deploy.artefacts import DEPLOY, ROOT, parse_command, read_yaml
from tests.deploy.clean_system.page import at_the_shop, blocks

PAGE = (ROOT / "docs/operations.md").read_text()
HEADS = "\n".join((DEPLOY / name).read_text() for name in ("compose.yaml", "two-sites.yaml"))
OURS = re.compile(
    r"(?:^|[;&] *|do +)(?:site|intergestan|c run .*?-cli|docker compose run .*?\bcli|.* -- service) (.+)$"
)


def console_lines(text: str) -> Iterator[str]:
    """What stands behind a prompt, with lines that go on put together; without redirections and remarks."""
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            yield re.sub(r"^[#$] +", "", line).strip()
    for line in re.findall(r"^#     (.*)$", text, re.MULTILINE):
        yield line


def our_calls(text: str) -> Iterator[list[str]]:
    for line in console_lines(text):
        for part in re.split(r" && ", line):
            found = OURS.search(part)
            if found:
                yield shlex.split(re.split(r" < | > ", found[1])[0], comments=True)


def test_every_command_can_be_called_so() -> None:
    calls = [*our_calls(PAGE), *our_calls(HEADS)]
    assert len(calls) >= 20
    for call in calls:
        parse_command(call)


def test_commands_in_the_text_exist() -> None:
    named = set(re.findall(r"`(?:intergestan|site) ([a-z]+(?: [a-z]+)?)", PAGE))
    assert {"up", "doctor"} <= named
    for words in named:
        assert words.split()[0] in NAMES, words


def test_files_that_it_names_are_there() -> None:
    for name in re.findall(r"(?<!exec -it )(?<!exec )deploy/[\w./-]+\w", PAGE):
        assert (ROOT / name).exists(), name
    units = {file.name for file in (DEPLOY / "systemd").iterdir()}
    assert {"sysusers.conf", "tmpfiles.conf", "intergestan.toml", "intergestan.target"} <= units


def test_the_trial_on_new_machines_types_what_stands_there() -> None:
    """`make clean-system` unpacks these blocks in this order."""
    install, accounts, base, card, depot, order, sales, answers = blocks(
        "From nothing to the first order on Debian, in ten minutes"
    )
    assert install[0].startswith("apt-get update")
    assert accounts[-1] == "systemctl daemon-reload"
    assert "site doctor" in base
    assert [at_the_shop(command) for command in card] == ["site site card > shop.card"]
    assert depot[0] == "site partner add shop.card"
    assert (order[-1].split()[-1], sales) == ("--wait", ["site sales list"])
    assert answers[0] == "site orders list --all"
    backup, restore = blocks("Backup and restore")
    (upgrade,) = blocks("Upgrade")
    assert not [command for command in (*backup, *restore, *upgrade) if "sqlite" in command.split("#")[0]]


def test_the_ports_are_those_of_deploy() -> None:
    services = read_yaml(DEPLOY / "compose.yaml")["services"]
    for row in re.findall(r"^\| (\w+) \|.*\| (\d{4}) \|$", PAGE, re.MULTILINE):
        name, port = row
        assert services[name]["environment"][f"INTERGESTAN_{name.upper()}__HEALTH_PORT"] == port


def test_workbooks_are_written_by_every_installation_that_the_pages_name() -> None:
    """Issue 13: whoever types an order or a catalogue export types it in an installation with `cli` or `demo`."""
    installs = [line for line in console_lines(PAGE) if "pip install" in line and "requirements/cli.txt" in line]
    assert installs
    assert "-r requirements/demo.txt" in PAGE
    assert "requirements/${SERVICE}.txt" in (DEPLOY / "Dockerfile").read_text(), "the image of `cli` as well"
    pins = {name: _pin(ROOT / "requirements" / f"{name}.txt", "xlsxwriter") for name in ("cli", "demo", "test")}
    assert None not in pins.values(), pins
    assert len(set(pins.values())) == 1, pins


def _pin(file: Path, package: str) -> str | None:
    found = re.search(rf"^{package}==(\S+)", file.read_text(), re.MULTILINE)
    return found[1] if found else None
