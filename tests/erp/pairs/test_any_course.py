"""Whatever agencies do, in whatever order, goods, orders, numbers and books stay true (I1 to I13)."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from intergestan_db.database import Database
from tests.databases import KINDS, MigratedBases
from tests.erp.pairs.course import Course, make_agencies
from tests.examples import SPEED, share
from tests.site_factories import NOW, make_site

_NUMBERS = count(1)


@pytest.mark.mainly_on("sqlite")
@pytest.mark.timeout(3600)  # the long form on PostgreSQL
@pytest.mark.parametrize("kind", KINDS)
def test_any_course_of_agencies(kind: str, migrated: MigratedBases, tmp_path: Path) -> None:
    """I1 to I13: a few courses of business in `make test`, a hundred in `make campaign`."""
    template = f"any course {next(_NUMBERS)}"
    first = Database(migrated.new(kind, tmp_path, "template"), lambda: NOW)
    make_agencies(make_site(first))
    first.dispose()
    migrated.keep(first.url, template)

    def course() -> Course:
        database = Database(migrated.new(kind, tmp_path, f"site{next(_NUMBERS)}", of=template), lambda: NOW)

        def done() -> None:
            database.dispose()
            migrated.drop(database.url)

        return Course(database, done)

    few = settings(
        max_examples=share(2),
        stateful_step_count=30,
        suppress_health_check=(*SPEED, HealthCheck.filter_too_much, HealthCheck.data_too_large),
    )
    run_state_machine_as_test(course, settings=few)  # type: ignore[arg-type]  # what makes one will do
