"""The file of entries that the French tax office reads (FEC: LPF A47 A-1), line by line. Pure.

18 fields with tabs between, CR LF, ISO 8859-15, days as YYYYMMDD, amounts with a comma and both columns filled. Nothing
is kept in memory: a million lines go through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

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
_NOBODY = "\t\t"
_BATCH = 2000
"""Lines that are encoded together."""
_KNOWN = 50_000
"""Accounts, amounts and days whose text is kept for their next line."""
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


Day = date | str
"""SQLite has no days, but texts such as 2026-06-05."""


class FecLine(NamedTuple):
    """A line of an entry as the database gives it: amounts in cents, days as they come."""

    entry_id: int
    account: str
    title: str
    aux: str | None
    aux_title: str | None
    debit: int
    credit: int
    letter: str | None
    letter_day: Day | None


LineValues: TypeAlias = tuple[int, str, str, str | None, str | None, int, int, str | None, Day | None]
"""What a `FecLine` has, without its names: a file has millions of them."""


class FecEntry(NamedTuple):
    """An entry as the database gives it."""

    id: int
    journal: str
    number: int
    day: Day
    piece: str
    piece_day: Day
    validated_on: Day
    label: str


def file_name(siren: str, last: date) -> str:
    """What the file is called: whose it is, and the last day of the year."""
    return f"{siren}FEC{last:%Y%m%d}.txt"


def description_name(siren: str, last: date) -> str:
    """What the file is called that describes the other one."""
    return f"{siren}FEC{last:%Y%m%d}_description.txt"


def fec_bytes(entries: Iterable[tuple[FecEntry, Sequence[LineValues]]]) -> Iterator[bytes]:
    """The file, some thousand lines at a time.

    :param entries: each with its lines, which may be `FecLine`s.
    """
    yield ("\t".join(FIELDS) + _END).encode(ENCODING)
    batch: list[str] = []
    for (_id, journal, number, day, piece, piece_day, validated_on, label), lines in entries:
        head = f"{journal}\t{JOURNALS[journal]}\t{number}\t{_compact(day)}\t"
        middle = f"{latin9(piece)}\t{_compact(piece_day)}\t{latin9(label)}\t"
        end = f"\t{_compact(validated_on)}\t\t{_END}"
        for _entry, account, title, aux, aux_title, debit, credit, letter, letter_day in lines:
            whose = _pair(aux, aux_title) if aux else _NOBODY
            lettered = f"{letter}\t{_compact(letter_day)}" if letter else "\t"
            batch.append(
                f"{head}{_pair(account, title)}{whose}{middle}{_amount(debit)}\t{_amount(credit)}\t{lettered}{end}"
            )
        if len(batch) >= _BATCH:
            yield _encoded("".join(batch))
            batch.clear()
    yield _encoded("".join(batch))


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


def _encoded(lines: str) -> bytes:
    """Lines whose texts `latin9` has made: what ISO 8859-1 has of them, stands there at the same place.

    Python writes that ten times as fast, and most lines have no more (€, Œ, Ž, Š, Ÿ are what ISO 8859-15 adds).
    """
    try:
        return lines.encode("iso8859-1")
    except UnicodeEncodeError:
        return lines.encode(ENCODING)


@lru_cache(maxsize=_KNOWN)
def _pair(number: str, title: str) -> str:
    return f"{latin9(number)}\t{latin9(title)}\t"


@lru_cache(maxsize=_KNOWN)
def _amount(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


@lru_cache(maxsize=_KNOWN)
def _compact(day: Day) -> str:
    return str(day).replace("-", "")
