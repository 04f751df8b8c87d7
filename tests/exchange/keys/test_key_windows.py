"""What a key counts for, whatever its windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from intergestan_exchange.keys.key_windows import KeyFacts, Standing, standing

INSTANTS = st.datetimes(timezones=st.just(UTC))
LIMITS = st.none() | INSTANTS


@given(
    st.builds(
        KeyFacts,
        kid=st.just("k"),
        pending=st.booleans(),
        valid_from=LIMITS,
        valid_until=LIMITS,
        replaced_from=LIMITS,
        revoked_at=LIMITS,
        revoked_since=LIMITS,
    ),
    INSTANTS,
    INSTANTS,
    INSTANTS,
)
def test_a_key_counts_inside_all_of_its_windows(
    key: KeyFacts, composed: datetime, archived: datetime, other: datetime
) -> None:
    """Whatever the windows: narrowing one never lets more through, and a thief's clock does not matter."""
    found = standing(key, composed, archived)
    if found is Standing.COUNTS:
        assert not key.pending
        assert key.valid_from is None or key.valid_from <= composed
        assert all(composed <= end for end in (key.valid_until, key.replaced_from) if end is not None)
        assert key.revoked_at is None or (key.revoked_since is not None and archived < key.revoked_since)
    if found is Standing.REVOKED:
        assert standing(key, other, archived) is Standing.REVOKED, "the instant that the mail claims plays no part"
    else:
        assert standing(key, composed, min(archived, other)) is found, "having had it earlier takes nothing away"
        ends = min(end for end in (key.replaced_from, other) if end is not None)
        assert found is Standing.COUNTS or standing(replace(key, replaced_from=ends), composed, archived) is found
