"""`python -m services.console.beginning FOLDER`: serves the form until a site is made of it, then ends with 0."""

from __future__ import annotations

import argparse
import base64
import secrets
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TextIO

from sqlalchemy import Connection

from intergestan_erp.people.invitations import in_groups
from intergestan_erp.people.passwords import as_typed, set_password
from intergestan_erp.people.sessions import STRICT, USUAL, begin_session
from intergestan_erp.site.setup import find_user
from intergestan_operations.language.wording import sentence
from intergestan_operations.opening.making import make_site, refuse_a_second
from intergestan_operations.opening.opening import open_database
from intergestan_runtime import password_hash
from intergestan_runtime.said import Said
from intergestan_runtime.settings_load import FILE_NAME, load
from services.console.beginning.firm import Firm
from services.console.beginning.pages import PATH, Beginning
from services.console.beginning.settings import BeginningProcess

VALID_S: Final = 1800.0
_LINGER_S: Final = 0.5
"""So long the browser has for what belongs to the last page."""
TOO_LATE: Final = 75
HOST: Final = "127.0.0.1"


@dataclass(frozen=True)
class Folder:
    """Where the site is made. `port`: of its pages, if that is not the usual one."""

    process: BeginningProcess
    file: Path
    port: int | None

    def make(self, firm: Firm, address: str, agent: str) -> str:
        """The site, its first person's password and session, all in one transaction; the session's secret."""
        settings = self.process.site
        hashed = password_hash.hash_of(as_typed(firm.password))
        lifetime = STRICT if self.process.console.strict_sessions else USUAL
        database = open_database(settings)
        begun: list[str] = []

        def let_in(connection: Connection) -> None:
            login, at = firm.user.login, database.now()
            user_id = find_user(connection, login)
            set_password(connection, user_id, hashed, by=login, at=at)
            begun.append(begin_session(connection, user_id, lifetime, login=login, address=address, agent=agent, at=at))

        try:
            refuse_a_second(settings, database)
            configuration = None if self.file.exists() else self.file
            port = self.port
            make_site(settings, database, firm.site, firm.user, let_in, configuration=configuration, console_port=port)
        finally:
            database.dispose()
        return begun[-1]


def main(argv: Sequence[str]) -> int:
    """Serve it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m services.console.beginning")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lang", default="fr")
    parser.add_argument("--open", action="store_true")
    given = parser.parse_args(argv)
    folder = given.folder.absolute()
    file = folder / FILE_NAME
    flags = {} if file.exists() else {"site.data_dir": str(folder), "site.language": given.lang}
    process = load(BeginningProcess, flags, file if file.exists() else None)
    listening = _listen(process.console.port)
    port = listening.getsockname()[1]
    code = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    place = Folder(process, file, None if port == process.console.port else port)
    beginning = Beginning(code, place.make)
    url = f"http://{HOST}:{port}{PATH}#{code}"
    text = Said(
        "Open this address in a browser on this machine, within half an hour; it opens once:\n  {url}\n"
        "First access code, where it is asked for: {code}",
        url=url,
        code=in_groups(code),
    )
    _say(sys.stdout, text, given.lang)
    if given.open:
        webbrowser.open(url)
    return serve(beginning, listening, VALID_S, partial(_say_late, given.lang))


def _say_late(language: str) -> None:
    text = Said("Nobody made a site within half an hour, so the address opens nothing any more. Begin again.")
    _say(sys.stderr, text, language)


def _say(to: TextIO, text: Said, language: str) -> None:
    to.write(f"{sentence(text, language)}\n")
    to.flush()


def serve(beginning: Beginning, listening: socket.socket, seconds: float, late: partial[None]) -> int:
    """Until a site is made, the time is over, or somebody ends it; the exit code."""
    import uvicorn

    config = uvicorn.Config(
        beginning,
        http="httptools",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=50,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)

    def end() -> None:
        if beginning.made.wait(seconds):
            time.sleep(_LINGER_S)
        server.should_exit = True

    threading.Thread(target=end, daemon=True).start()
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        return 130
    if beginning.made.is_set():
        return 0
    late()
    return TOO_LATE


def _listen(port: int) -> socket.socket:
    """The usual port; where another site of this machine has it, a free one."""
    try:
        return socket.create_server((HOST, port), backlog=64)
    except OSError:
        return socket.create_server((HOST, 0), backlog=64)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
