"""`make tour`: the pictures of docs/tour.md, taken anew from two sites of the demo and one of its agencies.

`python -m tests.console.tour [FOLDER]`. Nothing is compared: a person looks at them.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from intergestan_runtime.die_with_parent import bound
from tests.patience import PATIENCE, eventually
from tests.servers.chromium import Chromium
from tests.servers.process import free_port

PICTURES: Final = Path(__file__).parents[2] / "docs" / "tour"
PASSWORD: Final = "une phrase pour la visite"
_LINK: Final = re.compile(r"http://127\.0\.0\.1:\d+/invitation#\w+")
CLI: Final = [sys.executable, "-m", "services.cli", "--lang", "fr"]


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: its name, and of which page."""

    name: str
    path: str


EXCHANGE: Final[Mapping[int, tuple[Shot, ...]]] = {
    1: (
        Shot("accueil", "/"),
        Shot("envoyer", "/envoyer"),
        Shot("commandes", "/commandes"),
        Shot("commande", "/commandes/CFR1"),
        Shot("histoire", "/histoire/CFR1"),
        Shot("saisie", "/commandes/nouvelle"),
    ),
    0: (
        Shot("relever", "/relever"),
        Shot("ventes", "/ventes"),
        Shot("a-traiter", "/a-traiter"),
        Shot("exploitation", "/exploitation"),
        Shot("boites", "/exploitation/boites"),
        Shot("diagnostic", "/exploitation/diagnostic"),
        Shot("journal", "/journal"),
        Shot("correspondants", "/correspondants"),
        Shot("utilisateurs", "/reglages/utilisateurs"),
    ),
}
"""By the place of the site's link among those that the demo prints: the base, then its distributor."""

AGENCIES: Final = (
    Shot("tiers", "/tiers"),
    Shot("tiers-fiche", "/tiers/C0000004"),
    Shot("encours", "/encours"),
    Shot("bl", "/bl"),
    Shot("factures", "/factures"),
    Shot("position", "/position"),
    Shot("dossier", "/reglages/dossier"),
    Shot("agences", "/agences"),
    Shot("depots", "/depots"),
    Shot("disponible", "/produits/ALB0002?onglet=disponible"),
    Shot("tarifs", "/tarifs"),
    Shot("affectations", "/affectations?etat=toutes"),
    Shot("bp", "/bp?etat=perime"),
    Shot("inter-agences", "/inter-agences?onglet=couples"),
    Shot("receptions", "/receptions?montrer=recues"),
    Shot("facturation-differee", "/facturation-differee"),
    Shot("reglements", "/reglements"),
    Shot("devis", "/devis"),
    Shot("vente-saisie", "/ventes/nouvelle"),
    Shot("ecritures", "/comptabilite/ecritures"),
    Shot("resultat", "/comptabilite/resultat"),
)


def main(pictures: Path = PICTURES) -> int:
    """Take them all; 1 when a page answers otherwise than it should."""
    pictures.mkdir(exist_ok=True)
    wrong: list[str] = []
    with TemporaryDirectory(prefix="intergestan-tour-") as name, Chromium() as chromium:
        folder = Path(name)
        for place, link in enumerate(_links(folder / "exchange")):
            wrong += _take(chromium, link, EXCHANGE.get(place, ()), pictures)
        with _agencies(folder) as link:
            wrong += _take(chromium, link, AGENCIES, pictures)
    sys.stdout.writelines(f"{each}\n" for each in wrong)
    return int(bool(wrong))


def _links(folder: Path) -> Iterator[str]:
    """One after the other, as long as the demo runs."""
    log = folder.with_suffix(".log")
    with log.open("wb") as out:
        command = [*CLI, "demo", "--sites", "2", "--serve", "--keep", str(folder)]
        demo = subprocess.Popen(bound(command), stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        eventually(
            lambda: demo.poll() is not None or len(_LINK.findall(log.read_text())) > 1, what=log.read_text, every=0.2
        )
        yield from _LINK.findall(log.read_text())
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(PATIENCE)


@contextmanager
def _agencies(folder: Path) -> Iterator[str]:
    """Agencies that have each other send what they lack, with the pages of their site."""
    subprocess.run([*CLI, "demo", "--agencies", "--keep", str(folder / "agencies")], check=True, capture_output=True)
    site, port = folder / "agencies" / "case-3", free_port()
    command = [*CLI, "--config", str(site / "intergestan.toml")]
    (login,) = re.findall(r'^user = "(\w+)"', (site / "intergestan.toml").read_text(), re.MULTILINE)
    made = subprocess.run([*command, "user", "invite", login], check=True, capture_output=True, text=True)
    (secret,) = re.findall(r"/invitation#(\w+)", made.stdout)
    with (folder / "console.log").open("wb") as log:
        arguments = [sys.executable, "-m", "services.console", "--config", str(site / "intergestan.toml")]
        console = subprocess.Popen(
            bound(arguments), stdout=log, stderr=log, env={**os.environ, "INTERGESTAN_CONSOLE__PORT": str(port)}
        )
    try:
        yield f"http://127.0.0.1:{port}/invitation#{secret}"
    finally:
        console.terminate()
        console.wait(PATIENCE)


def _listens(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/entrer", timeout=PATIENCE) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def _take(chromium: Chromium, link: str, shots: tuple[Shot, ...], pictures: Path) -> Iterator[str]:
    """Enter by a link, and take these pictures; what went wrong."""
    context = chromium.context(viewport={"width": 1180, "height": 760})
    page, url = context.new_page(), link.partition("/invitation")[0]
    eventually(lambda: _listens(url), what="the pages are there", every=0.2)
    page.goto(link)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.locator("form button.main").first.click()
    page.wait_for_load_state()
    for shot in shots:
        answer = page.goto(f"{url}{shot.path}")
        if answer is None or answer.status != 200:
            yield f"{shot.name}: {shot.path} answers {answer and answer.status}"
            continue
        page.wait_for_load_state()
        page.screenshot(path=pictures / f"{shot.name}.png", caret="initial")
    context.close()


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
