"""French typography."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from intergestan_msg.pages.words import FRENCH
from intergestan_msg.typography import french
from intergestan_operations.language import texts


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Il manque «{name}» : dites-le !", "Il manque «\u00a0{name}\u00a0»\u00a0: dites-le\u202f!"),
        ("Vraiment ? Oui ; non.", "Vraiment\u202f? Oui\u202f; non."),
        ("« déjà »", "«\u00a0déjà\u00a0»"),
        ("l’heure", "l'heure"),
        ("tapez `orders list ; true ?` : voilà", "tapez `orders list ; true ?`\u00a0: voilà"),
        ("voir https://exemple.fr/a?b ; oui", "voir https://exemple.fr/a?b\u202f; oui"),
        ("à 12:30, L1=2", "à 12:30, L1=2"),
    ],
)
def test_spaces_and_apostrophes(typed: str, printed: str) -> None:
    assert french(typed) == printed
    assert french(printed) == printed


def _translations() -> Iterator[str]:
    for message in texts.read():
        if message.id:
            yield from (message.string,) if isinstance(message.string, str) else message.string or ()


def test_the_catalogue_is_printed_so() -> None:
    for text in _translations():
        assert text == french(text)


NOT_FRENCH = {
    *("the", "and", "of", "is", "are", "was", "not", "with", "without", "from", "this", "that", "which", "there"),
    *("order", "orders", "file", "folder", "line", "mailbox", "partner", "supplier", "customer", "key", "hold"),
    *("does", "nothing", "again", "required", "show", "mean"),
}
NOT_OUR_WORDS = {
    *("mail", "mails", "email", "emails", "e-mail", "e-mails", "message", "messages"),
    *("monnaie", "monnaies", "partenaire", "partenaires", "clients client", "commandes clients"),
    *("caractère de commande", "caractères de commande"),
}
"""One word per thing: courriel, devise, correspondant, commandes client, caractère de contrôle."""
_TYPED = re.compile(
    r"`[^`]*`|intergestan(?: [a-z]+)+|"
    r"\{[^}]*\}|https?://\S+|--[a-z-]+|\[[a-z. ]+\]|[\w./-]+\.(?:csv|toml|xml)|[a-z]+_[a-z_]+|[a-z]+\.[a-z_]+"
)


def _prose(text: str) -> str:
    """What is French in it: no command, option, setting, placeholder or file."""
    for quoted in ("partner match", "mailbox add", "partner add", "Numbers that look alike"):
        text = text.replace(quoted, "")
    return _TYPED.sub(" ", text)


def test_nothing_english_is_left_and_each_thing_has_its_word() -> None:
    for text in [*_translations(), *FRENCH.values()]:
        words = set(re.findall(r"[\w-]+", _prose(text).lower()))
        assert not words & NOT_FRENCH, text
        assert not [word for word in NOT_OUR_WORDS if re.search(rf"\b{word}\b", _prose(text).lower())], text


def test_mails_are_printed_so() -> None:
    for key, text in FRENCH.items():
        assert key.startswith("subject") or text == french(text), key
