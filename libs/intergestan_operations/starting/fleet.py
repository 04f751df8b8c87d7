"""What starts and stops the pollers of one mailbox, on systemd, compose or Kubernetes. Pure: it names commands.

The names are those of `deploy/`: units `intergestan-poller@MAILBOX.service` (the second of a mailbox is
`intergestan-poller@MAILBOX:2.service`), services `poller-MAILBOX`, deployments `RELEASE-poller-MAILBOX`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from intergestan_exchange.mailboxes.placement import without_replica

Platform = Literal["systemd", "compose", "kubernetes"]
UNITS = "intergestan-poller@*.service"
LIST_UNITS = ["systemctl", "list-units", "--all", "--plain", "--no-legend", "--state=active,activating,failed", UNITS]
_UNIT = re.compile(r"intergestan-poller@(\S+)\.service")


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done. :ivar file: written before, with its text. :ivar commands: run one after another."""

    commands: tuple[tuple[str, ...], ...]
    file: tuple[Path, str] | None = None


def on_systemd(mailbox: str, replicas: int, listed: str) -> Plan:
    """Units enabled and started, or disabled and stopped. :param listed: what `LIST_UNITS` printed."""
    wanted = [mailbox, *(f"{mailbox}:{number}" for number in range(2, replicas + 1))][:replicas]
    running = [_unescaped(found[1]) for found in _UNIT.finditer(listed)]
    surplus = [name for name in running if without_replica(name) == mailbox and name not in wanted]
    commands = [_systemctl("enable", wanted), _systemctl("disable", sorted(surplus))]
    return Plan(tuple(command for command in commands if len(command) > 3))


def on_compose(mailbox: str, replicas: int, file: Path) -> Plan:
    """A service of its own for the mailbox, in a file beside `file`, which goes on from the service `poller` there."""
    name = f"poller-{_slug(mailbox)}"
    own = file.parent / f"compose.{name}.yaml"
    service = {"extends": {"file": file.name, "service": "poller"}, "command": ["--mailbox", mailbox]}
    files = ("--file", str(file), "--file", str(own))
    up = ("docker", "compose", *files, "up", "--detach", "--no-recreate", "--scale", f"{name}={replicas}", name)
    return Plan((up,), (own, json.dumps({"services": {name: service}}, indent=2) + "\n"))  # JSON is YAML


def on_kubernetes(mailbox: str, replicas: int, release: str) -> Plan:
    """The deployment that the chart made of the set with the mailbox's name."""
    name = f"deployment/{release}-poller-{_slug(mailbox)}"
    return Plan((("kubectl", "scale", name, f"--replicas={replicas}"),))


def escaped(name: str) -> str:
    r"""As `systemd-escape` does: `/` becomes `-`, what is no letter, digit, `:`, `_` or `.` becomes `\x2d` or such."""
    kept = "".join(
        chr(byte) if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in ":_.") else f"\\x{byte:02x}"
        for byte in name.encode().replace(b"/", b"\0")
    ).replace("\\x00", "-")
    return f"\\x2e{kept[1:]}" if kept.startswith(".") else kept


def _unescaped(instance: str) -> str:
    plain = instance.replace("-", "/")
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), plain.encode())
    return raw.decode(errors="replace")


def _systemctl(verb: str, names: Iterable[str]) -> tuple[str, ...]:
    return ("systemctl", verb, "--now", *(f"intergestan-poller@{escaped(name)}.service" for name in names))


def _slug(mailbox: str) -> str:
    """As services and deployments may be called."""
    return re.sub(r"[^a-z0-9]+", "-", mailbox.lower()).strip("-")


def shown(command: Sequence[str]) -> str:
    """As it would be typed."""
    import shlex

    return shlex.join(command)
