"""Several people change one draft at the same moment: each change is whole, or its author is told."""

from __future__ import annotations

import pytest

from intergestan_db.tables import Event
from tests.at_once import at_once
from tests.erp.ordering.conftest import Desk

EDIT = "tests.erp.ordering.edit_process"


@pytest.mark.race
def test_nobody_overwrites_what_they_did_not_see(desk: Desk) -> None:
    desk.enter()
    url = desk.database.engine.url.render_as_string(hide_password=False)
    said = [lines[0] for lines in at_once(EDIT, *((url, "CFR1", quantity) for quantity in (5, 6, 7, 8)))]
    assert set(said) <= {"done", "changed_meanwhile"}
    edits = desk.site.rows(Event, name="edit")
    shown = desk.show("CFR1")
    assert said.count("done") == len(edits) == shown.version - 1
    assert len(edits) >= 1
    assert edits[-1].who == f"of {shown.lines[0].quantity:f}".rstrip("0").rstrip(".")
    assert shown.total_ht == shown.lines[0].quantity * 25 / 2
