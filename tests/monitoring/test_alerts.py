"""The rules of deploy/prometheus: they are sound, each fires and stays silent, and each has a page for who is woken."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from deploy.grafana.boards import BOARDS
from intergestan_runtime.metric_table import METRICS, PREFIX
from tests.deploy.artefacts import DEPLOY, parse_command

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus"
ALERTS = (RULES / "alerts.yml").read_text()
CASES = (RULES / "alerts_test.yml").read_text()
RUNBOOKS = ROOT / "docs" / "runbooks"
NAMES = re.findall(r"^  - alert: (\w+)$", ALERTS, re.MULTILINE)
OF_PROMETHEUS = {"up"}


def rule(alert: str) -> str:
    """The text of one rule."""
    return ALERTS.partition(f"  - alert: {alert}\n")[2].partition("\n  - alert: ")[0]


def promtool(*arguments: str) -> None:
    done = subprocess.run(["promtool", *arguments], cwd=RULES, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_sound() -> None:
    """Issue 4: promtool finds nothing to complain about."""
    promtool("check", "rules", "--lint=all", "--lint-fatal", "alerts.yml", "recording.yml")
    promtool("check", "config", "prometheus.yml")


def test_every_case_comes_out_as_written() -> None:
    """Issue 4: each alert fires, and stays silent."""
    promtool("test", "rules", "alerts_test.yml", "days_test.yml")


@pytest.mark.parametrize("alert", NAMES)
def test_an_alert_is_whole(alert: str) -> None:
    """Issue 4: a severity, sentences, a page that exists, a case that fires and one that is silent."""
    text = rule(alert)
    assert re.search(r"severity: (critical|warning)}", text)
    assert re.search(r"summary: .{20,110}$", text, re.MULTILINE)
    assert "$value" in text.partition("description: ")[2].partition("\n")[0]
    assert f"runbook_url: https://docs.example.org/intergestan/runbooks/{alert}.md\n" in f"{text}\n"
    assert f"alertname: {alert}, exp_alerts: []}}" in CASES
    assert f"alertname: {alert}\n    exp_alerts:\n    - exp_labels: {{" in CASES


@pytest.mark.parametrize("page", sorted(RUNBOOKS.iterdir()), ids=lambda page: page.stem)
def test_a_runbook_is_of_use(page: Path) -> None:
    """Issue 4: written for somebody who was woken; the commands that it names are there."""
    text = page.read_text()
    assert page.stem in NAMES
    for title in ("What it means for orders", "Look here", "Do this", "Call"):
        assert len(text.partition(f"## {title}\n\n")[2].partition("\n##")[0]) > 30, title
    for call in calls(text):
        parse_command(call)
    for unit in re.findall(r"systemctl \w+ (intergestan[-\w@]*(?:\.target)?)", text):
        name = unit.partition("@")[0] + "@" if "@" in unit else unit
        assert (DEPLOY / "systemd" / (name if name.endswith(".target") else f"{name}.service")).exists(), unit
    for title in re.findall(r"[Dd]ashboard \*([^*]+)\*", text):
        assert title in {board.title[0] for board in BOARDS}, title
    assert "#commands-at-night" in text


def calls(text: str) -> list[list[str]]:
    """The commands of ours that a text names, each without our name."""
    return [shlex.split(code) for code in re.findall(r"`intergestan ([^`]+)`", text)]


def test_commands_at_night_can_be_found() -> None:
    assert "### Commands at night\n" in (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize(
    "wrong", ["`intergestan resend`", "`intergestan holds open X`", "`intergestan relay set --no`"]
)
def test_a_wrong_command_would_be_found(wrong: str) -> None:
    with pytest.raises(Exception, match=r"(?i)missing|no such|there is no"):
        parse_command(calls(wrong)[0])


def test_every_alert_has_a_runbook() -> None:
    assert {page.stem for page in RUNBOOKS.iterdir()} == set(NAMES)


def test_the_rules_know_our_metrics_only() -> None:
    ours = {PREFIX + metric.name for metric in METRICS}
    for file in ("alerts.yml", "recording.yml"):
        text = re.sub(r"^ *#.*|docs/\S+|(summary|description): .*", "", (RULES / file).read_text(), flags=re.MULTILINE)
        used = set(re.findall(r"(?<![:\w])intergestan_\w+", text))
        assert used <= ours, used - ours
