"""What the system says is known by its numbers, also where a client library says it in its own words."""

from __future__ import annotations

import socket

import pytest
import redis

from intergestan_exchange.findings.system_words import text_of
from intergestan_msg.diagnosis import Diagnosed, told
from intergestan_msg.typography import printed
from intergestan_operations.language.wording import wording
from intergestan_runtime.redis_client import place_of
from tests.servers.process import free_port


@pytest.mark.parametrize(
    ("error", "french"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "connexion refusée"),
        (OSError(28, "No space left on device"), "le disque est plein"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "nom de machine inconnu"),
        (TimeoutError("timed out"), "délai dépassé"),
    ],
)
def test_in_french(error: OSError, french: str) -> None:
    said = text_of(error)
    assert (said, told(said, "en"), told(said, "fr")) == (str(error), str(error), french)
    assert wording(error, "fr") == french


def test_words_of_others_and_errors_of_files_stay() -> None:
    for error in (
        ValueError("450 4.7.1 Connection refused by policy"),
        OSError("450 4.7.1 Connection refused by policy"),
        PermissionError(13, "Permission denied", "/a/file"),
    ):
        assert (text_of(error), told(text_of(error), "fr")) == (str(error), str(error))


def test_what_a_client_of_redis_says_is_told_with_its_place() -> None:
    port = free_port()
    for client, place, french in (
        (redis.Redis(port=port), f"localhost:{port}", "connexion refusée"),
        (redis.Redis(unix_socket_path="/a/socket"), "/a/socket", "ce fichier ou ce dossier n'existe pas"),
    ):
        with pytest.raises(redis.ConnectionError) as away:
            client.ping()
        said = text_of(away.value, place=place_of(client))
        assert place_of(client) == place
        assert said == str(away.value)
        assert told(said, "fr") == printed(f"{place} : {french}", "fr")


def test_a_diagnosis_counts_beside_the_text_that_it_says() -> None:
    said = text_of(ConnectionRefusedError(111, "Connection refused"))
    assert isinstance(said, Diagnosed)
    stored = said.diagnosis.stored()
    assert told(Diagnosed.beside(str(said), stored) or "", "fr") == "connexion refusée"
    for text, kept in (("550 no", stored), (str(said), None), (str(said), '{"code":"of_tomorrow"}')):
        assert told(Diagnosed.beside(text, kept) or "", "fr") == text
    assert Diagnosed.beside(None, stored) is None
