"""What a log line holds, and what it never holds."""

import io
import json
import logging
import subprocess
import sys

import pytest
import structlog

from intergestan_runtime.logs import bind, configure
from tests.patience import PATIENCE


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


_TALKATIVE = """
import gc, logging, sys, threading, traceback, warnings
from intergestan_runtime import logs

logs.configure("importer", form="json")
logs.catch_all()
logs.configure("importer", form="json")

class Bad:
    def __del__(self):
        raise ValueError("no\\nend")

def fail():
    raise ValueError("a\\nthread")

def leave():
    raise SystemExit

warnings.warn("a\\nwarning", DeprecationWarning)
thread = threading.Thread(target=fail, name="worker 1")
for each in (thread, threading.Thread(target=leave)):
    each.start()
    each.join()
Bad()
gc.collect()
logging.getLogger("alembic").warning("%d is no number", "x")
logging.getLogger("dramatiq.worker").error("failed", exc_info=ValueError("theirs"))
print("a line")
print("begun", end="")
try:
    fail()
except ValueError:
    traceback.print_exc()
sys.stderr.write("Delivered.\\n{no json\\n")
fail()
"""


@pytest.mark.not_quick
def test_whatever_a_service_says_is_one_event_a_line() -> None:
    """Warnings as with `-W always`, threads, destructors, other people's loggers, prints, and the end by an error."""
    command = [sys.executable, "-W", "always", "-c", _TALKATIVE]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    events = [json.loads(line) for line in ended.stderr.splitlines()]
    assert {event["service"] for event in events} == {"importer"}
    told = [event["event"] for event in events]
    assert [event.get("thread") for event in events if event["event"] == "Nobody caught an error; a thread ends."] == [
        "worker 1"
    ]
    (warned,) = [event for event in events if event["event"] == "a\nwarning"]
    assert (warned["category"], warned["level"]) == ("DeprecationWarning", "warning")
    assert [event for event in events if "no\nend" in event.get("exception", "")]
    assert [each for each in told if each.startswith("An event of alembic could not be worded: TypeError")]
    assert {"a line", "begun", "Delivered.", "{no json", "failed"} <= set(told)
    (last,) = [event for event in events if event["event"] == "Nobody caught an error; the process ends."]
    assert "ValueError: a\nthread" in last["exception"]


def test_auto_is_json_where_nobody_sits() -> None:
    out = io.StringIO()
    configure("sender", form="auto", stream=out)
    structlog.get_logger().info("Hello.")
    assert json.loads(out.getvalue())["event"] == "Hello."
