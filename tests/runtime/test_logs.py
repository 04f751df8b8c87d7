"""What a log line holds, and what it never holds."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from intergestan_runtime.logs import bind, configure


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    configured = structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)
    structlog.contextvars.clear_contextvars()


def test_one_json_object_a_line() -> None:
    out = io.StringIO()
    configure("sender", form="json", stream=out)
    log = structlog.get_logger("x")
    with bind(transfer="t1", order="CFR1"):
        log.info("Sent.", relay="smtp")
        logging.getLogger("some.library").warning("%d of %s", 3, "theirs")
    log.info("Later.")
    first, second, third = (json.loads(line) for line in out.getvalue().splitlines())
    expected = {"event": "Sent.", "service": "sender", "level": "info", "transfer": "t1", "relay": "smtp"}
    assert expected.items() <= first.items()
    assert first["timestamp"].endswith("Z")
    assert second["event"] == "3 of theirs"
    assert second["order"] == "CFR1"
    assert "transfer" not in third


def test_exceptions_keep_their_traceback_and_their_line() -> None:
    out = io.StringIO()
    configure("sender", form="json", stream=out)
    try:
        int("no\nnumber")
    except ValueError:
        structlog.get_logger().exception("It failed.")
        logging.getLogger("dramatiq").exception("Theirs too.")
    ours, theirs = (json.loads(line) for line in out.getvalue().splitlines())
    assert "ValueError: invalid literal" in ours["exception"]
    assert "Traceback" in theirs["exception"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_others_wrote_moves_no_cursor_and_makes_no_line(form: str) -> None:
    """Neither in an event, a value, a traceback, nor in what a library says."""
    out = io.StringIO()
    configure("importer", form=form, stream=out)  # type: ignore[arg-type]
    evil = "x\x9b2J\x1b[31m\u202ey"
    structlog.get_logger().warning(f"Read {evil}\nOK all is well", name=evil, names=[evil], deep={"a": evil})
    logging.getLogger("theirs").warning("of %s", evil)
    with_trace = len(out.getvalue().splitlines())
    try:
        int(evil)
    except ValueError:
        structlog.get_logger().exception("It failed.")
    assert with_trace == 2
    assert [char for char in out.getvalue() if char in "\x9b\x1b\u202e"] == []
    assert "x" in out.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_secrets_are_masked(form: str) -> None:
    out = io.StringIO()
    configure("sender", form=form, stream=out)  # type: ignore[arg-type]
    structlog.get_logger().info(
        "Logging in.",
        password="hunter2",
        imap={"user": "joe", "SMTP_PASSWORD": "hunter2", "more": [{"access_token": "hunter2"}]},
        client_secret="hunter2",
    )
    assert "hunter2" not in out.getvalue()
    assert "joe" in out.getvalue()


def test_text_for_people_without_colours_in_a_file() -> None:
    out = io.StringIO()
    configure("sender", form="console", level="WARNING", stream=out)
    structlog.get_logger().info("Too quiet.")
    structlog.get_logger().warning("Loud.", order="CFR1")
    (line,) = out.getvalue().splitlines()
    assert "Loud." in line
    assert "order=CFR1" in line
    assert "\x1b" not in line


def test_auto_is_json_where_nobody_sits() -> None:
    out = io.StringIO()
    configure("sender", form="auto", stream=out)
    structlog.get_logger().info("Hello.")
    assert json.loads(out.getvalue())["event"] == "Hello."
