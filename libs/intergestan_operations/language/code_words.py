"""Codes of documents with the word that people say for them: `C62 pièce`, `AP acceptée`. JSON has the codes alone."""

from __future__ import annotations

from collections.abc import Mapping

from intergestan_operations.language.wording import translated
from intergestan_runtime.said import marked

VAT_CATEGORIES: Mapping[str, str] = {
    "S": marked("standard rate"),
    "Z": marked("zero rate"),
    "E": marked("exempt"),
    "AE": marked("reverse charge"),
    "K": marked("intra-Community supply"),
    "G": marked("export outside the EU"),
    "O": marked("outside the scope of VAT"),
    "L": marked("Canary Islands tax"),
    "M": marked("Ceuta and Melilla tax"),
}
"""UN/CEFACT 5305, as EN 16931 restricts it."""


def unit(code: str | None, language: str) -> str | None:
    """A unit of measure (UN/ECE Recommendation 20)."""
    from intergestan_msg.units import unit_label

    return _with(code, unit_label(code, language))


def answer(code: str | None, language: str) -> str | None:
    """What a seller said of an order (UBL OrderResponseCode)."""
    from intergestan_msg.pages.words import ENGLISH, FRENCH

    words = FRENCH if language == "fr" else ENGLISH
    return _with(code, words.get(code or "", ""))


def vat_category(code: str | None, language: str) -> str | None:
    """A category of VAT."""
    word = VAT_CATEGORIES.get(code or "")
    return _with(code, translated(word, language) if word else "")


def _with(code: str | None, word: str) -> str | None:
    return f"{code} {word}" if word and word != code else code
