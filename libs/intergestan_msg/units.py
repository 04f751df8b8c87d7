"""The units of measure that orders name by UN/ECE Recommendation 20 codes, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in French and English, short enough for a table."""

    french: str
    english: str


UNITS: Final[Mapping[str, Unit]] = {
    # counted
    "C62": Unit("pièce", "piece"),
    "H87": Unit("pièce", "piece"),
    "EA": Unit("unité", "each"),
    "NAR": Unit("article", "article"),
    "PR": Unit("paire", "pair"),
    "SET": Unit("jeu", "set"),
    "KT": Unit("kit", "kit"),
    "DZN": Unit("douzaine", "dozen"),
    "GRO": Unit("grosse", "gross"),
    "CEN": Unit("cent", "hundred"),
    "MIL": Unit("mille", "thousand"),
    "NMP": Unit("paquets", "packs"),
    "RO": Unit("rouleau", "roll"),
    "ST": Unit("feuille", "sheet"),
    # packed (Recommendation 21 codes after an X)
    "XBX": Unit("boîte", "box"),
    "XBG": Unit("sac", "bag"),
    "XBO": Unit("bouteille", "bottle"),
    "XCA": Unit("canette", "can"),
    "XCR": Unit("caisse", "crate"),
    "XCT": Unit("carton", "carton"),
    "XPA": Unit("paquet", "packet"),
    "XPK": Unit("colis", "package"),
    "XPX": Unit("palette", "pallet"),
    # mass
    "MGM": Unit("mg", "mg"),
    "GRM": Unit("g", "g"),
    "KGM": Unit("kg", "kg"),
    "TNE": Unit("t", "t"),
    # length, area, volume
    "MMT": Unit("mm", "mm"),
    "CMT": Unit("cm", "cm"),
    "MTR": Unit("m", "m"),
    "KMT": Unit("km", "km"),
    "CMK": Unit("cm²", "cm²"),
    "MTK": Unit("m²", "m²"),
    "MLT": Unit("ml", "ml"),
    "CLT": Unit("cl", "cl"),
    "LTR": Unit("l", "l"),
    "HLT": Unit("hl", "hl"),
    "MTQ": Unit("m³", "m³"),
    # time and energy
    "MIN": Unit("minute", "minute"),
    "HUR": Unit("heure", "hour"),
    "DAY": Unit("jour", "day"),
    "WEE": Unit("semaine", "week"),
    "MON": Unit("mois", "month"),
    "ANN": Unit("an", "year"),
    "KWH": Unit("kWh", "kWh"),
    # not counted
    "LS": Unit("forfait", "lump sum"),
    "P1": Unit("%", "%"),
}


def unit_label(code: str | None, language: str) -> str:
    """The unit in words, in French for ``fr`` and else in English; a code that is not in use here is its own label."""
    unit = UNITS.get(code or "")
    if unit is None:
        return code or ""
    return unit.french if language == "fr" else unit.english
