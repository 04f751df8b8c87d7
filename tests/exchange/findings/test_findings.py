"""The sentences about holds and refusals: complete in both languages, and sayable wherever they are used."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest

import intergestan_db
import intergestan_erp
import intergestan_exchange
import intergestan_operations
import services
from intergestan_db.enums import HoldReason
from intergestan_exchange.findings import undelivered as undelivered_words
from intergestan_exchange.findings.advice import ADVICE
from intergestan_exchange.findings.finding import Finding, diagnosed, read_findings, write_findings
from intergestan_exchange.findings.findings import VAT_NOTE, WHAT, explain, explain_all
from intergestan_msg.diagnosis import Diagnosis
from intergestan_msg.errors import BadDocument
from intergestan_msg.ubl import read_order

ROOTS = [
    Path(package.__path__[0])
    for package in (intergestan_db, intergestan_erp, intergestan_exchange, intergestan_operations, services)
]
VARIANTS_BY_NAME = {
    "buyer.py": ("siret", "vat"),
    "totals.py": ("line", "lines", "ht", "vat", "ttc", "payable"),
    "undelivered.py": tuple(undelivered_words.WHAT),
}
"""Files in which the variant of a finding is not written down beside it."""


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("reason", HoldReason)
def test_every_reason_says_what_it_is_and_what_to_do(reason: HoldReason) -> None:
    undelivered = [undelivered_words.undelivered("5.1.1 x@y.fr")] if reason is HoldReason.UNDELIVERED else []
    advice = [undelivered_words.advice(each, language) for each in undelivered for language in ("fr", "en")]
    variants = [each for key, each in ADVICE.items() if key == reason or key.startswith(f"{reason}.")]
    advice = advice or [each[language] for each in variants for language in ("fr", "en")]
    assert len(advice) == 2 * max(1, len(variants))
    assert all(text.endswith(".") for each in advice for text in (each.means, each.do))
    assert any(key == reason or key.startswith(f"{reason}.") for key in WHAT)


@pytest.mark.parametrize("table", [WHAT, undelivered_words.CURES, {"vat": VAT_NOTE}])
def test_both_languages_say_the_same(table: dict[str, dict[str, str]]) -> None:
    for key, sentences in table.items():
        assert set(sentences) == {"fr", "en"}, key
        assert placeholders(sentences["fr"]) == placeholders(sentences["en"]), key
        assert all(sentence.strip() == sentence and sentence for sentence in sentences.values()), key


def findings_in_the_code() -> Iterator[tuple[str, ast.Call]]:
    """Each place that makes a finding with its reason written down."""
    for root in ROOTS:
        for file in sorted(root.rglob("*.py")):
            text = file.read_text()
            for node in ast.walk(ast.parse(text)) if "Finding(" in text else ():
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                    yield file.name, node


def _arguments(call: ast.Call) -> dict[str, ast.expr]:
    names = ("reason", "values", "line_id", "variant")
    given = dict(zip(names, call.args, strict=False))
    return given | {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}


def test_every_finding_that_the_code_makes_has_a_sentence() -> None:
    """With the values that the sentence speaks of, where they are written down beside it."""
    seen = 0
    for file, call in findings_in_the_code():
        arguments = _arguments(call)
        name = ast.unparse(arguments["reason"])
        if not name.startswith("HoldReason."):
            continue
        reason = HoldReason[name.removeprefix("HoldReason.")]
        variant = arguments.get("variant")
        variants = [str(variant.value)] if isinstance(variant, ast.Constant) else VARIANTS_BY_NAME.get(file, ())
        for key in [f"{reason}.{each}" for each in variants] if variant else [str(reason)]:
            seen += 1
            assert key in WHAT, (file, key)
            values = arguments.get("values")
            if isinstance(values, ast.Dict) and all(isinstance(each, ast.Constant) for each in values.keys):
                given = {each.value for each in values.keys if isinstance(each, ast.Constant)}
                assert placeholders(WHAT[key]["en"]) <= given, (file, key)
    assert seen > 15


def test_a_sentence_names_its_line_and_keeps_what_others_wrote() -> None:
    """Braces in foreign values are text, not placeholders."""
    finding = Finding(HoldReason.UNKNOWN_PRODUCT, {"code": "{name}", "name": "{0}"}, "L1")
    assert explain(finding, "en") == "Line L1: We do not know the product {name} ({0})."
    assert explain(finding, "fr") == "Ligne L1\u00a0: Nous ne connaissons pas le produit {name} ({0})."
    assert explain_all([finding, finding], "fr").count("Ligne L1") == 2


def test_what_is_wrong_with_a_document_is_told_in_the_language_of_the_reader() -> None:
    with pytest.raises(BadDocument) as bad:
        read_order(b"<Order xmlns='urn:oasis:names:specification:ubl:schema:xsd:Order-2'/>")
    found = diagnosed(HoldReason.BAD_DOCUMENT, bad.value.diagnosis)
    stored = read_findings(write_findings([found]))[0]
    assert stored == found
    assert "n'a pas de" in explain(stored, "fr")
    assert "has no" in explain(stored, "en")


def test_what_an_earlier_or_a_later_release_stored_is_told_as_it_was_said() -> None:
    earlier, later = Finding(HoldReason.BAD_DOCUMENT, {"error": "It is bad."}), Diagnosis("of_tomorrow")
    for found in (earlier, replace(earlier, diagnosis=later)):
        assert "It is bad." in explain(found, "fr")
