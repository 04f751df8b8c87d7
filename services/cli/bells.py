"""Rings for what a command made due."""

from __future__ import annotations

from intergestan_db.bells import Bells
from services.cli.context import Call


def ring(call: Call, bells: Bells) -> None:
    """After the commit. A lost bell costs seconds: the dispatcher rings for every due row."""
    from intergestan_runtime.steps import ALLOCATE, COMPOSE, IMPORT, SEND, SERVE

    call.ring(COMPOSE, *bells.compose)
    call.ring(SEND, *bells.send)
    call.ring(IMPORT, *bells.take_in)
    call.ring(ALLOCATE, *bells.allocate)
    call.ring(SERVE, *bells.serve)
