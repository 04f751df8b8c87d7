"""How many examples Hypothesis tries, and which.

`make test` tries the same few each time, `make quick` fewer: what they find, everybody finds. `make campaign` tries
many, and others each time; `--hypothesis-seed` repeats a campaign. No example has a deadline, because a busy machine is
no bug.

A test that costs much takes a share of the profile's number: `settings(max_examples=share(2))` is half of it.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

EVERY_TIME, QUICK, CAMPAIGN = "test", "quick", "campaign"
SPEED = (HealthCheck.too_slow,)
"""The health check that a busy machine fails."""


def register() -> None:
    """Name the profiles, and load that of `make test`; `--hypothesis-profile=campaign` loads another one."""
    usual = settings(database=None, deadline=None, suppress_health_check=SPEED, print_blob=True)
    settings.register_profile(EVERY_TIME, usual, max_examples=25, derandomize=True)
    settings.register_profile(QUICK, usual, max_examples=10, derandomize=True)
    settings.register_profile(CAMPAIGN, usual, max_examples=400)
    settings.load_profile(EVERY_TIME)


def be_alike() -> None:
    """Draw the same wherever and after whatever a test runs.

    Hypothesis draws constants from the source of every module of ours that is imported by then, too: the same test had
    other examples in another worker, or alone. In a campaign it may. To look through all sources took each process a
    second, and seven where they were new.
    """
    providers._get_local_constants = lambda: providers._local_constants


def share(part: int) -> int:
    """A part of the examples that are usual in this run. To be asked when a test module is imported, not earlier."""
    assert settings.default is not None
    return max(1, settings.default.max_examples // part)


def be_quick() -> None:
    """Load the profile of `make quick`."""
    settings.load_profile(QUICK)
