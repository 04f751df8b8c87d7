"""What is asked of systemd, compose and Kubernetes."""

from __future__ import annotations

from pathlib import Path

from intergestan_operations.starting.fleet import escaped, on_compose, on_kubernetes, on_systemd


def test_plans() -> None:
    listed = "intergestan-poller@a\\x2fb.service loaded\nintergestan-poller@orders:3.service\n"
    assert on_systemd("orders", 1, listed).commands == (
        ("systemctl", "enable", "--now", "intergestan-poller@orders.service"),
        ("systemctl", "disable", "--now", "intergestan-poller@orders:3.service"),
    )
    assert on_systemd("orders", 0, "").commands == ()
    assert [escaped(name) for name in ("orders/Été", ".a-b", "a b:2")] == [
        "orders-\\xc3\\x89t\\xc3\\xa9",
        "\\x2ea\\x2db",
        "a\\x20b:2",
    ]
    (up,) = on_compose("Orders/In", 2, Path("deploy/compose.yaml")).commands
    assert up[-3:] == ("--scale", "poller-orders-in=2", "poller-orders-in")
    assert on_kubernetes("Orders/In", 2, "rel").commands[0][2] == "deployment/rel-poller-orders-in"
