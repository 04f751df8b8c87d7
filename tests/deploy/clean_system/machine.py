"""New Debian machines, booted by systemd-nspawn, in a network of their own behind this machine's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.deploy.clean_system.typist import Failed
from tests.patience import TooLate, eventually

SUITE = "bookworm"
BRIDGE = "intergestan0"
NET = "10.77.0"
ADDRESSES = {"mail": f"{NET}.2", "depot": f"{NET}.3", "shop": f"{NET}.4"}
PROGRAMS = {"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container", "nft": "nftables", "ip": "iproute2"}
_OF_THIS_MACHINE = {"constraint", "requirement", "build-constraint", "log", "cache-dir", "target", "prefix", "user"}
"""Settings of pip that are no way to packages, and name files that another machine does not have."""
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """A machine: files, and a systemd that runs or not. :ivar root: its files.

    :param shown: folders of this machine that it can read, at such places.
    """

    def __init__(self, name: str, root: Path, shown: dict[Path, str]) -> None:
        self.name = name
        self.root = root
        self._shown = shown
        self._group = _own_group(name)
        self._nspawn: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Boot it; it has started all there is when this returns."""
        into_its_group = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self._group / "cgroup.procs")]
        with (self.root.parent / "console").open("ab") as log:
            self._nspawn = subprocess.Popen(
                [*into_its_group, *self._boot_command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            )
        wait(lambda: self.run("systemctl", "is-system-running") == "running\n", 120, f"{self.name} boots")

    def _boot_command(self) -> list[str]:
        command = ["systemd-nspawn", f"--directory={self.root}", "--boot", f"--machine={self.name}"]
        command += ["--register=no", "--keep-unit", "--resolv-conf=off", "--timezone=off"]
        command += [f"--network-namespace-path=/run/netns/{_space(self.name)}"]
        # As on a machine of its own: IPAddressDeny= is a BPF program.
        command += ["--capability=CAP_BPF,CAP_NET_ADMIN,CAP_PERFMON", "--system-call-filter=bpf"]
        return [*command, *(f"--bind-ro={here}:{there}" for here, there in self._shown.items())]

    def stop(self) -> None:
        """Press the power button, and wait until it is off."""
        if self._nspawn is not None:
            self._nspawn.terminate()
            try:
                self._nspawn.wait(120)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()
                raise
        _remove(self._group)

    def restart(self) -> None:
        """Off and on again."""
        self.stop()
        self._group.mkdir(exist_ok=True)
        self.start()

    @property
    def entry(self) -> list[str]:
        """The command before a command that shall run there; it fails while the machine is down."""
        inside = ("mount", "uts", "ipc", "net", "pid", "cgroup")
        into = ["nsenter", f"--target={self._init() or 'nobody'}", *(f"--{kind}" for kind in inside)]
        return [*into, "env", "--ignore-environment", "HOME=/root", "TERM=dumb", "LANG=C.UTF-8", _PATH]

    def _init(self) -> str:
        """The id of its first process, seen from here; empty while it is down."""
        if self._nspawn is None or self._nspawn.poll() is not None:
            return ""
        return Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().strip()

    def run(self, *command: str) -> str:
        """What a command printed there, whether it failed or not."""
        return subprocess.run([*self.entry, *command], capture_output=True, text=True, check=False).stdout


def check_this_machine() -> None:
    """:raises Failed: with the cure."""
    if os.geteuid() != 0:
        raise Failed("Only root makes machines.")
    missing = sorted(package for program, package in PROGRAMS.items() if shutil.which(program) is None)
    if missing:
        raise Failed(f"Install first: apt-get install {' '.join(missing)}")


def run(*command: str | Path) -> None:
    """Run a command of this machine. :raises Failed: with what it said."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise Failed(f"«{' '.join(map(str, command))}»: {ended.stdout[-2000:]}{ended.stderr[-2000:]}")


@contextmanager
def network() -> Iterator[None]:
    """A bridge, and a network of its own for each machine; they reach the world by this machine's address."""
    forward = Path("/proc/sys/net/ipv4/ip_forward")
    before = forward.read_text()
    with ExitStack() as undo:
        undo.callback(forward.write_text, before)
        forward.write_text("1")
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        undo.callback(run, "ip", "link", "del", BRIDGE)
        run("ip", "addr", "add", f"{NET}.1/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        run("nft", "add", "table", "ip", BRIDGE)
        undo.callback(run, "nft", "delete", "table", "ip", BRIDGE)
        run("nft", f"add chain ip {BRIDGE} out {{ type nat hook postrouting priority 100 ; }}")
        run("nft", f"add rule ip {BRIDGE} out ip saddr {NET}.0/24 ip daddr != {NET}.0/24 masquerade")
        for name, address in ADDRESSES.items():
            run("ip", "netns", "add", _space(name))
            undo.callback(run, "ip", "netns", "del", _space(name))
            _connect(name, address)
        yield


def _space(name: str) -> str:
    return f"intergestan-{name}"


def _connect(name: str, address: str) -> None:
    run("ip", "link", "add", f"ig-{name}", "type", "veth", "peer", "name", "eth0", "netns", _space(name))
    run("ip", "link", "set", f"ig-{name}", "master", BRIDGE, "up")
    for words in (
        f"addr add {address}/24 dev eth0",
        "link set eth0 up",
        "link set lo up",
        f"route add default via {NET}.1",
    ):
        run("ip", "-n", _space(name), *words.split())


def make_base(folder: Path) -> None:
    """A minimal Debian, as its installer leaves it, with this machine's way to the packages."""
    run("debootstrap", SUITE, folder)
    said = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    ways = [line for line in said.splitlines() if re.match(r"Acquire::(http|https|Check)[^ ]* ", line)]
    (folder / "etc/apt/apt.conf.d/99machine").write_text("\n".join(ways) + "\n")
    trusted = folder / "usr/local/share/ca-certificates"
    trusted.mkdir(parents=True)
    for certificate in Path("/usr/local/share/ca-certificates").glob("*.crt"):
        shutil.copy(certificate, trusted)
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    settings = dict(re.findall(r"^(?:global|:env:)\.([\w-]+)='(.*)'$", said, re.MULTILINE))
    lines = [f"{name} = {value}" for name, value in settings.items() if name not in _OF_THIS_MACHINE]
    (folder / "etc/pip.conf").write_text("[global]\n" + "\n".join(lines) + "\n")


def _packages_here(root: Path) -> list[Path]:
    """Folders of this machine in which pip looks for packages."""
    named = re.findall(r"(?:file://)?(/\S+)", (root / "etc/pip.conf").read_text())
    folders = [folder for folder in map(Path, named) if folder.is_dir()]
    # An index names its files from its own place (PEP 503): they lie beside it.
    return [folder.parent if folder.name == "simple" else folder for folder in folders]


@contextmanager
def files(base: Path, name: str, folder: Path) -> Iterator[Path]:
    """The files of a machine: those of `base`, and above them its own."""
    own = folder / name
    for part in ("above", "work", "root"):
        (own / part).mkdir(parents=True)
    layers = f"lowerdir={base},upperdir={own / 'above'},workdir={own / 'work'}"
    run("mount", "-t", "overlay", "overlay", "-o", layers, own / "root")
    try:
        _name(own / "root", name)
        yield own / "root"
    finally:
        run("umount", own / "root")


def _name(root: Path, name: str) -> None:
    (root / "etc/hostname").write_text(f"{name}\n")
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost\n")
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").write_text(f"nameserver {upstream() if name == 'mail' else ADDRESSES['mail']}\n")


def upstream() -> str:
    """This machine's own name server."""
    for file in (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf")):
        found = re.search(r"^nameserver (?!127\.)(\S+)", file.read_text(), re.MULTILINE) if file.exists() else None
        if found:
            return found[1]
    raise Failed("This machine names no name server that others can ask.")


@contextmanager
def booted(root: Path, name: str, project: Path) -> Iterator[Machine]:
    """The machine, while it runs; `project` lies at /srv/project."""
    machine = Machine(name, root, {project: "/srv/project"} | {folder: str(folder) for folder in _packages_here(root)})
    try:
        machine.start()
        yield machine
    finally:
        machine.stop()


def _own_group(name: str) -> Path:
    """A control group for a machine, so that two systemd do not share one."""
    mounts = Path("/proc/mounts").read_text()
    (top, *_) = re.findall(r"^\S+ (\S+) cgroup2 ", mounts, re.MULTILINE)
    group = Path(top) / _space(name)
    group.mkdir(exist_ok=True)
    return group


def _remove(group: Path) -> None:
    for folder, _, _ in os.walk(group, topdown=False):
        with suppress(OSError):  # the kernel takes away some of them by itself
            Path(folder).rmdir()


def wait(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """:raises Failed: it does not come true in time."""
    try:
        eventually(condition, seconds, what, every=0.5)
    except TooLate as late:
        raise Failed(f"{late}.") from late
