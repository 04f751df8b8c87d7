"""What codes, accounts and searches must give: slow, plain functions, with which property tests compare the product."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

_LIGATURES = {
    "Œ": "OE",
    "œ": "oe",
    "Æ": "AE",
    "æ": "ae",
    "ß": "ss",
    "ẞ": "SS",
    "Ø": "O",
    "ø": "o",
    "Ł": "L",
    "ł": "l",
    "Đ": "D",
    "đ": "d",
    "Ð": "D",
    "ð": "d",
    "Þ": "TH",
    "þ": "th",
    "ı": "i",
}


def plain(text: str) -> str:
    """Without accents, ligatures written out (D9)."""
    written = "".join(_LIGATURES.get(each, each) for each in unicodedata.normalize("NFC", text))
    return "".join(each for each in unicodedata.normalize("NFKD", written) if not unicodedata.combining(each))


def prefix(name: str, length: int) -> str:
    """How a code begins (D5)."""
    kept = [each for each in plain(name).upper() if "A" <= each <= "Z" or "0" <= each <= "9"]
    return ("".join(kept) + "X" * length)[:length]


def next_code(name: str, length: int, begin: int, taken: set[str], counters: dict[str, int]) -> str | None:
    """The next code, which is taken from then on; None when there is none."""
    start = prefix(name, begin)
    for number in range(counters.get(start, 1), 10 ** (length - begin)):
        code = start + str(number).rjust(length - begin, "0")
        if code not in taken:
            counters[start] = number + 1
            taken.add(code)
            return code
    return None


def rank(name: str) -> str:
    """The two digits of T08 (D6)."""
    letters = [each for each in plain(name).upper() if not each.isspace()]
    return f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.find(letters[0]) + 1:02d}" if letters else "00"


def one_party(text: str, parties: Sequence[Mapping[str, str]]) -> str | None:
    """The code of the one that an option means (D15); None when none or several are meant."""
    compact = "".join(text.split()).upper()
    for key in ("code", "siret", "vat", "account"):
        hits = [each["code"] for each in parties if each.get(key, "").upper() == compact != ""]
        if hits:
            return hits[0] if len(hits) == 1 else None
    name = " ".join(plain(text).lower().split())
    hits = [each["code"] for each in parties if " ".join(plain(each["name"]).lower().split()) == name]
    return hits[0] if len(hits) == 1 else None


def words(value: str) -> dict[str, bool]:
    """The words of a value, and whether each begins it (D15)."""
    found: dict[str, bool] = {}
    for place, whole in enumerate(re.split(r"[^0-9a-zа-яё]+", plain(value).lower().strip("-. &'/"))):
        parts = re.split(r"(?<=[a-zа-яё])(?=[0-9])", whole)
        for number, word in enumerate([whole, *parts[1:], *(part.lstrip("0") for part in parts[1:])]):
            if word:
                found.setdefault(word[:60], place == 0 and number == 0)
    return found


Value = tuple[int, str]
"""What a field of a party holds: the roles in which it does, and the text."""


def found(
    parties: Sequence[Mapping[str, Sequence[Value]]], typed: str, roles: int, fields: Sequence[str]
) -> list[tuple[int, str]]:
    """The places of the parties that a text finds, with their field, in order (D15)."""
    wanted = list(dict.fromkeys(word[:60] for word in re.findall(r"[0-9a-zа-яё]+", plain(typed).lower())))[:5]
    hits: dict[int, str] = {}
    for field in fields if wanted else ():
        rows = {
            (word, begins, place)
            for place, party in enumerate(parties)
            for _, value in party[field]
            for word, begins in words(value).items()
        }
        leads = [sum(word.startswith(each) for word, _, _ in rows) for each in wanted]
        lead = wanted[leads.index(min(leads))]
        order = sorted(
            (not begins, word, place)
            for place, party in enumerate(parties)
            for in_roles, value in party[field]
            if in_roles & roles and all(any(word.startswith(each) for word in words(value)) for each in wanted)
            for word, begins in words(value).items()
            if word.startswith(lead)
        )
        for _, _, place in order:
            hits.setdefault(place, field)
    return list(hits.items())
