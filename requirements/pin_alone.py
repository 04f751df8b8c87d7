"""Pins packages with their hashes but without what they depend on; pip-compile can only do both.

`python requirements/pin_alone.py FILE.in > FILE.txt`
"""

import json
import subprocess
import sys

report = subprocess.run(
    [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"),
        *("--report", "-", "--requirement", sys.argv[1]),
    ],
    check=True,
    capture_output=True,
    text=True,
)
for package in json.loads(report.stdout)["install"]:
    about, digest = package["metadata"], package["download_info"]["archive_info"]["hashes"]["sha256"]
    print(f"{about['name']}=={about['version']} --hash=sha256:{digest}")
