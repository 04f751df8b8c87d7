"""What is wrong with a message, in both languages, whoever raises it with whatever values."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from intergestan_msg import errors
from intergestan_msg.diagnosis import SENTENCES, TERMS, Diagnosis, NotSent, System, Term, Wrong
from intergestan_msg.errors import MessageError
from intergestan_msg.typography import printed

ROOT = Path(__file__).parents[2]
CODES = {"Wrong": Wrong, "NotSent": NotSent}
SENDER = {"ProtocolError", "UnusableRelay", "TooSlow", "Closed", "TokensAway", "Untellable"}
ERRORS = SENDER | {
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, MessageError)
}
WHERE_IT_STANDS = {"rule", "line"}


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def sources() -> Iterator[Path]:
    yield from (ROOT / "libs").rglob("*.py")
    yield from (ROOT / "services" / "sender").rglob("*.py")


def raised() -> Iterator[tuple[str, set[str]]]:
    """The codes that are raised anywhere, with the values that each is given by name."""
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS and node.args:
                given = {keyword.arg or "" for keyword in node.keywords} - WHERE_IT_STANDS
                for one in ast.walk(node.args[0]):
                    kind = CODES.get(getattr(one.value, "id", "")) if isinstance(one, ast.Attribute) else None
                    if isinstance(one, ast.Attribute) and kind is not None:
                        yield kind[one.attr], given


def test_each_code_and_each_word_has_both_languages() -> None:
    assert set(SENTENCES) == {*Wrong, *NotSent, *System}
    assert set(TERMS) == set(Term)
    for code, (english, french) in {**SENTENCES, **TERMS}.items():
        assert fields(english) == (fields(french) if code not in set(System) else {"words"})
        assert english != french


def test_whoever_raises_gives_the_values_of_the_sentence() -> None:
    found = list(raised())
    assert len(found) > 80
    assert [(code, given) for code, given in found if fields(SENTENCES[code][0]) != given] == []


def test_each_code_is_used() -> None:
    source = "\n".join(file.read_text(encoding="utf-8") for file in sources() if file.name != "diagnosis.py")
    for kind in CODES.values():
        assert [code for code in kind if f"{kind.__name__}.{code.name}" not in source] == []
    assert [term for term in Term if f"Term.{term.name}" not in source] == []


@pytest.mark.parametrize(
    ("found", "english", "french"),
    [
        (
            Diagnosis.of(Wrong.QUANTITY_NEGATIVE, {"quantity": -1}, "PEPPOL-T01-R004", "3"),
            "[PEPPOL-T01-R004] The quantity -1 is negative. (line 3)",
            "[PEPPOL-T01-R004] La quantité -1 est négative. (ligne 3)",
        ),
        (Diagnosis.of(Wrong.PRICE_NEGATIVE, {"price": -2}), "The price -2 is negative.", "Le prix -2 est négatif."),
        (
            Diagnosis.of(Wrong.CHILD_MISSING, {"where": Term.DOCUMENT, "child": "cac:OrderLine"}, "UBL"),
            "[UBL] The document has no cac:OrderLine.",
            "[UBL] Le document n'a pas de cac:OrderLine.",
        ),
        (
            Diagnosis.of(Wrong.CHILD_MISSING, {"where": "price", "child": "quantity"}),
            "price has no quantity.",
            "price n'a pas de quantity.",
        ),
        (
            Diagnosis.of(Wrong.SUM_DIFFERS, {"what": Term.SUM_OF_LINES, "stated": 1, "expected": 2}),
            "The sum of the lines is stated as 1, the document adds up to 2.",
            "Donnée du document, somme des lignes : 1 ; d'après ses lignes : 2.",
        ),
        (Diagnosis.of(Wrong.NO_XML, {"error": "{x}"}), "The document is no well-formed XML: {x}.", None),
    ],
)
def test_in_both_languages(found: Diagnosis, english: str, french: str | None) -> None:
    assert found.said("en") == english
    assert french is None or found.said("fr") == printed(french, "fr")


def test_what_a_later_release_stored_is_not_known() -> None:
    assert Diagnosis(Wrong.NO_LINE).is_known
    assert not Diagnosis("of_tomorrow").is_known
    assert not Diagnosis(Wrong.SUM_DIFFERS, {"stated": "1", "expected": "2"}, {"what": "of_tomorrow"}).is_known
