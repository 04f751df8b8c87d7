"""What cards and orders say of picking slips, as a person types it and reads it (A22, A38, A39, A53)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from intergestan_db.enums import Incomplete, PickingMode
from intergestan_runtime.said import marked


class PickingWord(StrEnum):
    """Whether slips are made; `inherit`: as the dossier says."""

    SLIP = "slip"
    NONE = "none"
    INHERIT = "inherit"

    @property
    def stored(self) -> PickingMode | None:
        """What the card keeps."""
        return None if self is PickingWord.INHERIT else PickingMode(self.value)


class IncompleteWord(StrEnum):
    """What becomes of an order of which not all is there; `inherit`: as the more general word says."""

    PICK = "pick"
    WAIT = "wait"
    INHERIT = "inherit"

    @property
    def stored(self) -> Incomplete | None:
        """What the card keeps."""
        return None if self is IncompleteWord.INHERIT else Incomplete(self.value)


MODES: Mapping[PickingMode, str] = {
    PickingMode.SLIP: marked("prepared on picking slips"),
    PickingMode.NONE: marked("no picking slips"),
}
INCOMPLETE: Mapping[Incomplete, str] = {
    Incomplete.PICK: marked("what is there is prepared"),
    Incomplete.WAIT: marked("all of it waits"),
}
LEVELS: Mapping[str, str] = {
    "dossier": marked("the dossier says so"),
    "customer": marked("the customer's card says so"),
    "address": marked("the address says so"),
    "order": marked("the order says so"),
}
"""Who says what becomes of an incomplete order."""


def of_slips(
    picking: PickingWord | None,
    incomplete: IncompleteWord | None,
    address_incomplete: IncompleteWord | None,
    group_slips: bool | None,  # noqa: FBT001 - as it was typed
) -> dict[str, Any]:
    """What is changed of a card, of what was typed."""
    words = {"picking_mode": picking, "incomplete": incomplete, "address_incomplete": address_incomplete}
    changes: dict[str, Any] = {name: word.stored for name, word in words.items() if word is not None}
    return changes | ({} if group_slips is None else {"group_slips": group_slips})
