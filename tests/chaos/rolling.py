"""An upgrade under load: the services of a site are another release's, and are replaced one after another."""

from __future__ import annotations

import random
import signal
import subprocess
import tarfile
import time
from io import BytesIO
from pathlib import Path

from tests.chaos.machine import hit
from tests.chaos.site import SERVICES, Site
from tests.chaos.world import World
from tests.patience import patient

ROOT = Path(__file__).parents[2]
MIGRATIONS = "libs/intergestan_db/migrations/versions"


def upgrade_one_by_one(world: World, site: Site, rng: random.Random) -> None:
    """From the release before, where one can be had, to this one; in the end `up` runs all as before.

    A site with the embedded Redis has its services under `up` alone: there they are ended one by one, and `up` starts
    them again.
    """
    services = list(SERVICES)
    rng.shuffle(services)
    if site.redis is None:
        for service in services:
            before = site.pids(service)
            hit(before, signal.SIGTERM)
            until = time.monotonic() + patient(60)
            while set(site.pids(service)) <= set(before) and time.monotonic() < until:
                time.sleep(0.1)
            _wait_ready(site, service)
        return
    old, commit = tree_before(world.folder)
    world.note(f"upgraded from {commit or 'the same sources: there is no tree before with our schema'}")
    site.stop()
    for service in services:
        site.run_alone(service, old)
    for service in services:
        _wait_ready(site, service)
    for service in services:
        time.sleep(rng.uniform(0, 2))
        site.stop_alone(service)
        site.run_alone(service, None)
        _wait_ready(site, service)
    for service in services:
        site.stop_alone(service)
    site.start()


def tree_before(folder: Path) -> tuple[Path | None, str]:
    """The sources of the newest tag, else of the commit before, if their schema is ours, in a folder beside the world;
    and which they are. None and nothing where there are none.
    """
    tree = folder / "before"
    for commit in (_git("describe", "--tags", "--abbrev=0", "HEAD^"), _git("rev-parse", "HEAD^")):
        if not commit or _git("ls-tree", "--name-only", commit, f"{MIGRATIONS}/") != _git(
            "ls-tree", "--name-only", "HEAD", f"{MIGRATIONS}/"
        ):
            continue
        if not tree.exists():
            archive = subprocess.run(
                ["git", "archive", commit, "libs", "services"], cwd=ROOT, capture_output=True, check=True
            ).stdout
            with tarfile.open(fileobj=BytesIO(archive)) as tar:
                tar.extractall(tree, filter="data")
        return tree, commit
    return None, ""


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _wait_ready(site: Site, service: str) -> None:
    until = time.monotonic() + patient(60)
    while not site.answers(service, "ready") and time.monotonic() < until:
        time.sleep(0.1)
