"""What is wrong with a message, in French: nothing that the message library says is missing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import intergestan_msg
from intergestan_db.enums import HoldReason
from intergestan_exchange.findings.diagnoses import FRENCH, RELAY_FRENCH, WORDS, diagnosis
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.findings.findings import explain
from intergestan_msg import errors
from intergestan_msg.errors import BadDocument, MessageError
from intergestan_msg.typography import printed
from intergestan_msg.ubl import read_order

ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, MessageError)}
WHERE_WORDS_STAND = {"check_amount": 1, "check_fine": 1, "_agree": 0, "_check_figure": 1, "bad": 2}
"""Functions of the message library that put a word into a sentence, with its place among the arguments."""


SENDER = Path(__file__).parents[3] / "services" / "sender"
OF_THE_SENDER = {
    "ValueError",
    "TimeoutError",
    "ConnectionError",
    "ConnectionResetError",
    "UnusableRelay",
    "ProtocolError",
}


def calls(folder: Path = Path(intergestan_msg.__path__[0])) -> Iterator[tuple[str, ast.Call]]:
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                yield name, node


def template(text: ast.expr) -> str | None:
    """A literal sentence with `{}` for its values."""
    if isinstance(text, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in text.values)
    return text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else None


def test_no_sentence_is_missing() -> None:
    said = {template(call.args[0]) for name, call in calls() if name in ERRORS and call.args} - {None}
    assert said - FRENCH.keys() == set()
    assert FRENCH.keys() - said == {"No partner has the key {}."}, "what its class says itself"
    assert [one for one, french in FRENCH.items() if one.count("{}") != french.count("{}")] == []


def test_no_sentence_about_a_relay_is_missing() -> None:
    said = {template(call.args[0]) for name, call in calls(SENDER) if name in OF_THE_SENDER and call.args} - {None}
    assert said - RELAY_FRENCH.keys() == set()
    assert [one for one, french in RELAY_FRENCH.items() if one.count("{}") != french.count("{}")] == []


def test_no_word_is_missing() -> None:
    said = {
        template(call.args[place])
        for name, call in calls()
        if (place := WHERE_WORDS_STAND.get(name)) is not None and len(call.args) > place
    }
    assert {word for word in said if word is not None and "{}" not in word} - WORDS.keys() == set()


@pytest.mark.parametrize(
    ("english", "french"),
    [
        (
            "[PEPPOL-T01-R004] The quantity -1 is negative. (line 3)",
            "[PEPPOL-T01-R004] La quantité -1 est négative. (ligne 3)",
        ),
        ("The price -2 is negative.", "Le prix -2 est négatif."),
        ("[UBL] The document has no cac:OrderLine.", "[UBL] Le document n'a pas de cac:OrderLine."),
        (
            "[PEPPOL-T01-R008] The sum of the lines is stated as 1, the document adds up to 2.",
            "[PEPPOL-T01-R008] Donnée du document, somme des lignes : 1 ; d'après ses lignes : 2.",
        ),
        ("450 4.7.1 Connection refused by policy", "450 4.7.1 Connection refused by policy"),
        ("No space left on device", "le disque est plein"),
        ("127.0.0.1:1: Connection refused", "127.0.0.1:1 : connexion refusée"),
        (
            "Error 2 connecting to /a/socket. No such file or directory.",
            "/a/socket : ce fichier ou ce dossier n'existe pas.",
        ),
        ("[Errno 111] Connection refused", "connexion refusée"),
    ],
)
def test_in_french(english: str, french: str) -> None:
    assert (diagnosis(english, "fr"), diagnosis(english, "en")) == (printed(french, "fr"), english)


def test_a_hold_tells_it() -> None:
    with pytest.raises(BadDocument) as bad:
        read_order(b"<Order xmlns='urn:oasis:names:specification:ubl:schema:xsd:Order-2'/>")
    finding = Finding(HoldReason.BAD_DOCUMENT, {"error": str(bad.value)})
    assert "n'a pas de" in explain(finding, "fr")
    assert "has no" in explain(finding, "en")
