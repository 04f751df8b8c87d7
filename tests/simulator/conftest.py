"""Stories without a log: what they would log, nobody reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from tests.simulator.calm import be_silent


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    before = structlog.get_config()
    be_silent()
    yield
    structlog.configure(**before)
