"""Postfix in front of Dovecot: a real queue, deferrals and bounces."""

import grp
import os
import pwd
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from tests.servers.dovecot import Dovecot, fill
from tests.servers.process import ServerProcess, Unavailable, find_program, free_port, greets

_QUEUES = (
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "incoming",
    "private",
    "saved",
    "trace",
)


class Postfix(ServerProcess):
    """Port smtp: STARTTLS offered, AUTH against Dovecot's users. Mail for any address under .test goes to
    Dovecot; what Dovecot does not know bounces. Mail for other domains is refused without AUTH. `settings` are added to
    main.cf.
    """

    name: ClassVar[str] = "postfix"

    def __init__(self, dovecot: Dovecot, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__()
        self._settings = settings
        self.smtp = free_port()
        self._dovecot = dovecot
        self._watcher: subprocess.Popen[bytes] | None = None

    def _prepare(self) -> None:
        if os.getuid() != 0:
            raise Unavailable("Postfix runs as root only. Cure: run these tests as root, or use smtp_server.")
        self._program()
        self._make_queue()
        (self.directory / "domains").write_text("/\\.test$/ OK\n")
        configuration = self.directory / "etc"
        configuration.mkdir()
        (configuration / "main.cf").write_text(
            fill(
                "postfix_main.cf",
                directory=self.directory,
                host=self.host,
                lmtp=self._dovecot.lmtp,
                sasl_socket=self._dovecot.sasl_socket,
                certificate_file=self._dovecot.certificate.certificate_file,
                key_file=self._dovecot.certificate.key_file,
            )
        )
        with (configuration / "main.cf").open("a") as main:
            main.writelines(f"{name} = {value}\n" for name, value in self._settings.items())
        (configuration / "master.cf").write_text(fill("postfix_master.cf", host=self.host, smtp=self.smtp))

    def _make_queue(self) -> None:
        """What `postfix start` would do in two seconds."""
        owner, dropping = pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postdrop").gr_gid
        folders = [(f"spool/{queue}", owner, 0, 0o700) for queue in _QUEUES]
        folders += [
            ("spool/maildrop", owner, dropping, 0o1730),
            ("spool/public", owner, dropping, 0o2710),
            ("spool/pid", 0, 0, 0o755),
            ("data", owner, 0, 0o700),
        ]
        for name, user, group, mode in folders:
            folder = self.directory / name
            folder.mkdir(parents=True)
            os.chown(folder, user, group)
            folder.chmod(mode)

    def _program(self) -> Path:
        return find_program("master", "postfix", "/usr/lib/postfix/sbin:/usr/libexec/postfix")

    def _environment(self) -> dict[str, str]:
        return {"MAIL_CONFIG": str(self.directory / "etc"), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}

    def _command(self) -> list[str | Path]:
        return [self._program(), "-s", "-c", self.directory / "etc"]

    def _launch(self) -> None:
        """The kernel forgets PR_SET_PDEATHSIG when master(8) changes its effective user: a shell watches
        instead, which hears of our end by the end of its input.
        """
        super()._launch()
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", 'read _; kill -TERM "$0"', str(self.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _end(self, how: signal.Signals) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.kill()
            watcher.communicate()
        super()._end(how)

    def _is_ready(self) -> bool:
        return greets(self.smtp, b"220")
