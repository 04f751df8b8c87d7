"""Writes the parts of the documentation that stand in the code: settings and state diagrams.

`python docs/generate.py` writes them; with `--check` it says what is out of date and exits with 1.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from intergestan_runtime.settings_docs import document
from intergestan_site.states import MACHINES, diagram
from services.cli.settings import CliProcess
from services.composer.settings import ComposerProcess
from services.dispatcher.settings import DispatcherProcess
from services.importer.settings import ImporterProcess
from services.poller.settings import PollerProcess
from services.sender.settings import SenderProcess

DOCS = Path(__file__).parent
PROCESSES = [ComposerProcess, SenderProcess, PollerProcess, ImporterProcess, DispatcherProcess, CliProcess]
SETTINGS_HEAD = """# Settings

TOML, in rising order: defaults, `/etc/intergestan/intergestan.toml`, `~/.config/intergestan/intergestan.toml`,
`./intergestan.toml` or `--config FILE`, the environment, flags. An unknown key is an error. Mailboxes, the relay,
partners and users are no settings: they stand in the base (`intergestan mailbox add` and so on).
"""
BETWEEN = re.compile(r"(<!-- begin states -->\n).*(<!-- end states -->)", re.DOTALL)


def pages() -> dict[Path, str]:
    """Every generated page with its text."""
    architecture = DOCS / "architecture.md"
    diagrams = "\n".join(f"### {machine.name}\n\n```mermaid\n{diagram(machine)}\n```\n" for machine in MACHINES)
    return {
        DOCS / "settings.md": f"{SETTINGS_HEAD}\n{document(PROCESSES)}",
        architecture: BETWEEN.sub(lambda found: f"{found[1]}{diagrams}{found[2]}", architecture.read_text()),
    }


def main() -> int:
    """Write the pages, or check them."""
    stale = [page for page, text in pages().items() if not page.exists() or page.read_text() != text]
    if "--check" in sys.argv:
        for page in stale:
            sys.stderr.write(f"docs/{page.name} is out of date: run `make docs`.\n")
        return int(bool(stale))
    for page in stale:
        page.write_text(pages()[page])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
