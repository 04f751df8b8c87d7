"""The file of entries that the French tax office reads (FEC: LPF A47 A-1), line by line. Pure.

18 fields with tabs between, CR LF, ISO 8859-15, days as YYYYMMDD, amounts with a comma and both columns filled. Nothing
is kept in memory: a million lines go through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from intergestan_erp.books.chart import JOURNALS
from intergestan_erp.parties.folding import fold

ENCODING = "iso8859-15"
FIELDS: Final = (
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum"),
    *("CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate"),
    *("Montantdevise", "Idevise"),
)
_MEANS: Final = (
    "Code du journal",
    "Libellé du journal",
    "Numéro de l'écriture, continu par journal",
    "Date de comptabilisation",
    "Numéro de compte (plan comptable général)",
    "Libellé du compte",
    "Numéro de compte auxiliaire, des seuls comptes de tiers (411, 401)",
    "Libellé du compte auxiliaire",
    "Référence de la pièce justificative",
    "Date de la pièce justificative",
    "Libellé de l'écriture",
    "Montant au débit, en euros",
    "Montant au crédit, en euros",
    "Lettrage",
    "Date de lettrage",
    "Date de validation",
    "Montant en devise (toujours vide)",
    "Identifiant de la devise (toujours vide)",
)
_END = "\r\n"
_BATCH = 2000
"""Lines that are encoded together."""
_KNOWN = 50_000
"""Accounts whose text is kept for their next line."""
_ODD = re.compile(r"[^ -{}~¡-£¥§©-³µ-·¹-»¿-ÿ]")
"""Whatever is not both in ISO 8859-15 and in ISO 8859-1 at the same place, or separates fields or lines."""
_PLAINER = str.maketrans(
    {
        **dict.fromkeys((*map(chr, (*range(0x20), *range(0x7F, 0xA1))), "|", "\u2028", "\u2029", "\u202f"), " "),
        **dict.fromkeys("’‘‚′", "'"),
        **dict.fromkeys("“”„″", '"'),
        **dict.fromkeys("–—−‐‑", "-"),
        "⁄": "/",
        "…": "...",
        "•": "-",
    }
)


class FecRow(NamedTuple):
    """A line of an entry as the database gives it: days as YYYYMMDD, amounts in cents."""

    journal: str
    number: int
    day: str
    piece: str
    piece_day: str
    validated_on: str
    label: str
    account: str
    title: str
    aux: str | None
    aux_title: str | None
    debit: int
    credit: int
    letter: str | None
    letter_day: str | None


def file_name(siren: str, last: date) -> str:
    """What the file is called: whose it is, and the last day of the year."""
    return f"{siren}FEC{last:%Y%m%d}.txt"


def description_name(siren: str, last: date) -> str:
    """What the file is called that describes the other one."""
    return f"{siren}FEC{last:%Y%m%d}_description.txt"


def fec_bytes(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The file, some thousand lines at a time.

    :param rows: `FecRow`s, or tuples of the same; the lines of an entry follow each other.
    """
    yield ("\t".join(FIELDS) + _END).encode(ENCODING)
    batch: list[str] = []
    entry: tuple[str | None, int] = None, 0
    head = middle = validated = ""
    for row in rows:
        journal, number, day, piece, piece_day, valid, label, account, title, *others = row
        aux, aux_title, debit, credit, letter, letter_day = others
        if entry != (journal, number):  # what the lines of an entry share is made once
            entry = journal, number
            head = f"{journal}\t{JOURNALS[journal]}\t{number}\t{day}\t"
            middle = f"{latin9(piece)}\t{piece_day}\t{latin9(label)}\t"
            validated = f"\t{valid}\t\t{_END}"
        whose = _pair(aux, aux_title) if aux else "\t\t"
        amounts = f"{debit // 100},{debit % 100:02d}\t0,00" if debit else f"0,00\t{credit // 100},{credit % 100:02d}"
        lettered = f"{letter}\t{letter_day}" if letter else "\t"
        batch.append(f"{head}{_pair(account, title)}{whose}{middle}{amounts}\t{lettered}{validated}")
        if len(batch) == _BATCH:
            yield "".join(batch).encode(ENCODING)
            batch.clear()
    yield "".join(batch).encode(ENCODING)


def description() -> bytes:
    """The file that says what the fields, codes and characters of the other one are (LPF A47 A-1, II)."""
    lines = (
        "Fichier des écritures comptables (article A47 A-1 du livre des procédures fiscales)",
        "Jeu de caractères : ISO 8859-15 ; un caractère qui n'y existe pas est remplacé par sa lettre de base.",
        "Enregistrements : une ligne par ligne d'écriture, terminée par CR LF ; la première ligne nomme les champs.",
        "Champs : séparés par une tabulation, dans l'ordre suivant ; dates AAAAMMJJ, montants à virgule décimale.",
        *(f"{n}. {name} : {means}" for n, (name, means) in enumerate(zip(FIELDS, _MEANS, strict=True), start=1)),
        "Journaux : VE ventes, AC achats, BQ banque, CA caisse, OD opérations diverses, AN à-nouveaux.",
        "Ordre : à-nouveaux, puis date de validation, journal, numéro d'écriture.",
    )
    return "".join(f"{each}{_END}" for each in lines).encode(ENCODING)


def latin9(text: str) -> str:
    """A text that the file can hold: on one line, without its separators, and with its characters.

    A character that ISO 8859-15 lacks becomes its plain letter, and one without such a letter its number in Unicode.
    """
    if _ODD.search(text) is None:  # nearly always
        return text
    return "".join(map(_in_latin9, text.translate(_PLAINER)))


def _in_latin9(character: str) -> str:
    for each in (character, fold(character).translate(_PLAINER)):
        try:
            each.encode(ENCODING)
        except UnicodeEncodeError:
            continue
        return each
    return character.encode(ENCODING, "backslashreplace").decode(ENCODING)


@lru_cache(maxsize=_KNOWN)
def _pair(number: str, title: str) -> str:
    return f"{latin9(number)}\t{latin9(title)}\t"
