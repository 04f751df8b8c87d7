"""People whom the proxy before us let in: it names their login in a header (`[console] forwarded_user`).

The header counts from the proxy's own address alone: `peers.Peers` takes it off whatever else comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from starlette.requests import Request

from intergestan_erp.people.users import find_entrant
from intergestan_runtime.said import Said, marked

if TYPE_CHECKING:
    from intergestan_runtime.settings import ConsoleSettings
    from services.console.visit import Visit

NOBODY: Final = marked(
    "The server before this site knows you as «{login}», and nobody is called so here. An administrator enters you."
)
_LONGEST: Final = 254


def login_of(request: Request, own: ConsoleSettings) -> str | None:
    """The login of whom the proxy let in; None: it names nobody, or there is none."""
    sent = None if own.forwarded_user is None else request.headers.get(own.forwarded_user)
    return None if sent is None else read_login(sent.encode("latin-1"))


def read_login(value: bytes) -> str | None:
    """A login as a header has it; None: it is none."""
    try:
        login = normalize("NFC", value.decode().strip())
    except UnicodeDecodeError:
        return None
    return login if login and login.isprintable() and len(login) <= _LONGEST else None


def begin_forwarded(visit: Visit, login: str) -> tuple[str, str] | Said:
    """Let the proxy's person in; their login as it is here and the secret of the session, or why not.

    Neither password nor code is asked for: that is the proxy's affair.
    """
    from services.console.access.tries import begin

    with visit.database.transaction() as connection:
        entrant = find_entrant(connection, login)
        if entrant is None or entrant.login != login:
            return Said(NOBODY, login=login)
        return entrant.login, begin(connection, visit, entrant.id, entrant.login)
