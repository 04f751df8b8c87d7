"""Bounces of real mail servers, unpacked from their Debian packages and run where nothing of them stays.

They cannot be installed beside Postfix. So each runs in a mount and network namespace of its own, with the users that
it wants in a copy of /etc/passwd; what it sends to the envelope sender is the bounce.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from intergestan_msg.mail.bounce_token import BounceKey, find_token
from intergestan_msg.mail.delivery_report import read_report
from intergestan_msg.mail.report_values import Action
from tests.msg.letters import ORDERS_ID, orders_batch
from tests.patience import PATIENCE

pytestmark = pytest.mark.campaign

TOKEN = BounceKey(b"k" * 32).token(7, ORDERS_ID)
SENDER, RECIPIENT = f"orders+{TOKEN}@buyer.example", "orders@seller.example"
SAID = "550 5.1.1 no such user here"
USERS = {"Debian-exim": 109, "opensmtpd": 110, "opensmtpq": 111}

SINK = f"""
import pathlib, socketserver, sys, threading

class Talk(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\\r\\n")
    def handle(self):
        self.say("220 mx ESMTP")
        for line in self.rfile:
            verb = line.strip().upper()
            if verb.startswith(b"EHLO"): self.say("250 mx")
            elif verb.startswith(b"RCPT") and b"SELLER" in verb: self.say("{SAID}")
            elif verb == b"DATA":
                self.say("354 go")
                pathlib.Path("bounce.part").write_bytes(b"".join(iter(self.rfile.readline, b".\\r\\n")))
                pathlib.Path("bounce.part").rename("bounce.eml")
                self.say("250 taken")
            elif verb == b"QUIT": return self.say("221 bye")
            else: self.say("250 ok")

socketserver.ThreadingTCPServer.allow_reuse_address = True
server = socketserver.ThreadingTCPServer(("127.0.0.1", 2527), Talk)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""

SEND = f"""
import pathlib, smtplib, time

for attempt in range(100):
    try:
        client = smtplib.SMTP("127.0.0.1", 2526)
        break
    except OSError:
        time.sleep(0.1)
client.sendmail("{SENDER}", ["{RECIPIENT}"], pathlib.Path("mail.eml").read_bytes())
while not pathlib.Path("bounce.eml").exists():
    time.sleep(0.1)
"""

NAMESPACE = """
set -e
mount --bind passwd /etc/passwd
mount --bind group /etc/group
for place in /usr/local/lib /var/spool /var/lib /run; do mount -t tmpfs none $place; done
cp root/usr/lib/*/*.so.* /usr/local/lib/ 2>/dev/null || true
ldconfig -C ld.cache /usr/local/lib /usr/lib/*-linux-gnu 2>/dev/null
mount --bind ld.cache /etc/ld.so.cache
ip link set lo up
"""


def exim(folder: Path) -> tuple[tuple[str, ...], str]:
    """Its packages, and how it takes a mail that no router takes, and delivers the bounce to a file."""
    for name in ("spool", "out", "log"):
        (folder / name).mkdir()
        os.chown(folder / name, 109, 109)
    program = folder / "root/usr/sbin/exim4"
    (folder / "exim.conf").write_text(f"""exim_path = {program}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
primary_hostname = mx.seller.example
exim_user = Debian-exim
exim_group = Debian-exim
keep_environment =
local_from_check = false
untrusted_set_sender = *
begin acl
begin routers
back:
  driver = accept
  domains = buyer.example
  transport = file
nobody:
  driver = redirect
  data = :fail: {SAID}
  allow_fail
begin transports
file:
  driver = appendfile
  file = {folder}/out/bounce.eml
  user = Debian-exim
  group = Debian-exim
  return_path_add
  message_prefix =
  message_suffix =
begin retry
* * F,2h,15m
""")
    run = f"{program} -C {folder}/exim.conf -odf -oi -f '{SENDER}' {RECIPIENT} < mail.eml\n"
    wait = "while [ ! -s out/bounce.eml ]; do sleep 0.1; done; cp out/bounce.eml bounce.eml\n"
    return ("exim4-daemon-light", "libidn12"), run + wait


def opensmtpd(folder: Path) -> tuple[tuple[str, ...], str]:
    """Its packages, and how it relays a mail to a server that refuses it, and the bounce to one that takes it."""
    (folder / "smtpd.conf").write_text(
        'listen on lo port 2526\naction "on" relay host smtp://127.0.0.1:2527\nmatch from any for any action "on"\n'
    )
    (folder / "sink.py").write_text(SINK)
    (folder / "send.py").write_text(SEND)
    return (
        ("opensmtpd",),
        f"""
mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty && chmod 711 /var/spool/smtpd
sleep infinity | {sys.executable} sink.py > sink.log &
while ! grep -q ready sink.log; do sleep 0.1; done
root/usr/sbin/smtpd -d -f smtpd.conf > smtpd.log 2>&1 &
{sys.executable} send.py
""",
    )


@pytest.mark.parametrize("server", [exim, opensmtpd])
def test_what_real_servers_send_back_is_understood(
    tmp_path: Path, server: Callable[[Path], tuple[tuple[str, ...], str]]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("namespaces of one's own with other users need root")
    tmp_path.chmod(0o755)
    for above in list(tmp_path.parents)[:2]:
        above.chmod(0o755)
    (tmp_path / "mail.eml").write_bytes(orders_batch(1).with_letter(bounce_token=TOKEN).mail())
    for name, line in (("passwd", "{0}:x:{1}:{1}::/run:/usr/sbin/nologin\n"), ("group", "{0}:x:{1}:\n")):
        entries = "".join(line.format(user, number) for user, number in USERS.items())
        (tmp_path / name).write_text(Path("/etc", name).read_text() + entries)
    packages, script = server(tmp_path)
    subprocess.run(["apt-get", "download", *packages], cwd=tmp_path, check=True, capture_output=True)
    for package in tmp_path.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, tmp_path / "root"], check=True)
    subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "bash", "-c", NAMESPACE + script],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    read = read_report((tmp_path / "bounce.eml").read_bytes())
    assert read is not None
    assert read.fate is not None
    assert (read.fate.action, read.fate.status, read.fate.recipient) == (Action.FAILED, "5.1.1", RECIPIENT)
    assert read.fate.said == SAID
    assert read.tokens == (find_token(TOKEN),)
