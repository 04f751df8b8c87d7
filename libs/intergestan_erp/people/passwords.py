"""Which passwords a person may choose, and what is kept of one. How it is hashed is the caller's business."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, update

from intergestan_db import states
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import User
from intergestan_erp.people.sessions import end_sessions

LEAST: Final = 12
"""So many characters has a password at least; what characters they are is nobody's business."""
MOST: Final = 1024
"""More is no password; hashing it would only take time."""

_GUESSED: Final = (
    *("password", "passwort", "motdepasse", "mdp", "secret", "changeme", "welcome", "bienvenue", "bonjour", "soleil"),
    *("azerty", "qwerty", "qwertz", "uiop", "asdf", "qsdf", "ghjk", "wxcv", "zxcv", "abcdef", "ghij", "iloveyou"),
    *("jetaime", "admin", "administrateur", "administrator", "root", "test", "demo", "user", "login", "letmein"),
    *("intergestan", "gestan", "gestimum", "commande", "commandes", "fournisseur", "entreprise", "societe", "company"),
    *("janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre"),
    *("decembre", "printemps", "automne", "hiver", "football", "marseille", "paris", "france", "dragon", "monkey"),
)
"""Words of which the passwords are made that are tried first."""
_FEW: Final = 5


def as_typed(password: str) -> bytes:
    """The bytes that are hashed: the same whichever keyboard made the accents."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def check_password(password: str, about: Iterable[str]) -> None:
    """Refuse a password that is short, or among the first that anybody would try.

    :param about: what is known of the person: login, name, mail address.
    :raises Problem: with the reason.
    """
    if len(unicodedata.normalize("NFC", password)) < LEAST:
        raise Problem(
            "A password has at least {least} characters; a short sentence is easy to keep in mind. Nothing was "
            "changed.",
            ProblemCode.EASY_TO_GUESS,
            (Act.CHOOSE_BETTER,),
            least=LEAST,
        )
    if len(password) > MOST:
        raise Problem(
            "A password has at most {most} characters. Nothing was changed.",
            ProblemCode.EASY_TO_GUESS,
            (Act.CHOOSE_BETTER,),
            most=MOST,
        )
    if is_guessable(password, about):
        raise Problem(
            "This password would be guessed soon: it is made of a word that everybody tries, of your own name, or of "
            "very few characters. Nothing was changed.",
            ProblemCode.EASY_TO_GUESS,
            (Act.CHOOSE_BETTER,),
        )


def is_guessable(password: str, about: Iterable[str]) -> bool:
    """Whether nothing of a password is left without figures and the words that are tried first, or it is monotonous."""
    folded = _folded(password)
    if len(set(folded)) < _FEW:
        return True
    own = [word for text in about for word in re.findall(r"\w{3,}", _folded(text))]
    letters = re.sub(r"[\W\d_]", "", folded)
    left = re.sub("|".join(sorted(map(re.escape, {*_GUESSED, *own}), key=len, reverse=True)), "", letters)
    return len(left) < 3


def set_password(connection: Connection, user_id: int, hashed: str, *, by: str, at: datetime, but: str = "") -> None:
    """Keep another password; the person's sessions end.

    :param hashed: as it is to be compared later.
    :param but: the hash of the session that goes on, the one in which they chose it.
    """
    connection.execute(update(User).where(User.id == user_id).values(password_hash=hashed))
    states.record(connection, User.__tablename__, [(user_id, None, None)], "password", by=by, at=at)
    end_sessions(connection, user_id, but=but)


def renew_hash(connection: Connection, user_id: int, hashed: str) -> None:
    """Keep the same password hashed with the parameters of today."""
    connection.execute(update(User).where(User.id == user_id).values(password_hash=hashed))


def known_hash(connection: Connection, user_id: int) -> str | None:
    """What is kept of a person's password."""
    return connection.scalar(select(User.password_hash).where(User.id == user_id))


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
