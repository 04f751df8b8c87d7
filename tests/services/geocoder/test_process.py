"""The service as a process: what it refuses at its start, and what leaves this machine in clear."""

from __future__ import annotations

import pytest

from intergestan_operations.starting.startup import CONFIGURATION
from intergestan_runtime.sections import Invalid
from services.geocoder import __main__ as program
from services.geocoder.settings import GeocoderSettings


def test_without_its_extra_it_says_how_it_is_had(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """T25: with the exit code after which no supervisor tries again."""
    monkeypatch.setattr(program, "find_spec", lambda _name: None)
    with pytest.raises(SystemExit) as ended:
        program.main([])
    assert (ended.value.code, "intergestan[geocoder]" in capsys.readouterr().err) == (CONFIGURATION, True)


@pytest.mark.parametrize(
    "given",
    [
        {"scheme": "http"},
        {"scheme": "http", "domain": "nominatim.depot.example"},
        {"scheme": "http", "domain": "192.0.2.7:8080"},
        {"scheme": "ftp"},
        {"domain": "https://nominatim.depot.example"},
        {"domain": "depot.example/search?key=1"},
        {"domain": "me@depot.example"},
        {"domain": ""},
        {"answer_seconds": 0},
    ],
)
def test_nothing_leaves_this_machine_in_clear(given: dict[str, object]) -> None:
    """T25: nor is anybody asked whose address is none."""
    with pytest.raises(Invalid):
        GeocoderSettings(**given)


def test_who_may_be_asked() -> None:
    """T25: the usual place, another one, a folder of it, and a provider on this machine."""
    for given in (
        {},
        {"domain": "data.geopf.fr/geocodage"},
        {"domain": "nominatim.depot.example:8443"},
        {"domain": "127.0.0.1:8080", "scheme": "http"},
        {"domain": "[::1]:8080", "scheme": "http"},
        {"domain": "localhost", "scheme": "http"},
    ):
        assert GeocoderSettings(**given).scheme in {"http", "https"}
