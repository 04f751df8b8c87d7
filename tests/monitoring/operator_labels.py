"""What prometheus-operator makes of the chart's ServiceMonitor: the part of a scrape configuration that gives labels.

After `generateServiceMonitorConfig` of prometheus-operator; what Kubernetes would discover stands in the labels
`__meta_…` of static targets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Config = dict[str, Any]


def scrape_config(monitor: Mapping[str, Any], targets: Sequence[tuple[str, str]]) -> Config:
    """The job for one ServiceMonitor.

    :param targets: address and component of each pod.
    """
    name, (endpoint,) = monitor["metadata"]["name"], monitor["spec"]["endpoints"]
    return {
        "job_name": f"serviceMonitor/default/{name}/0",
        "metrics_path": endpoint["path"],
        "honor_labels": endpoint.get("honorLabels", False),
        "static_configs": [
            {"targets": [address], "labels": _discovered(name, component)} for address, component in targets
        ],
        "relabel_configs": [*_usual(monitor["spec"]), *map(_relabeling, endpoint.get("relabelings", []))],
        "metric_relabel_configs": [*map(_relabeling, endpoint.get("metricRelabelings", []))],
    }


def without_relabelings(monitor: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same as somebody writes it who only names the port: as the chart had it once."""
    endpoint = {"port": "metrics", "path": "/metrics"}
    return {"metadata": monitor["metadata"], "spec": {"endpoints": [endpoint]}}


def _discovered(release: str, component: str) -> dict[str, str]:
    return {
        "__meta_kubernetes_namespace": "default",
        "__meta_kubernetes_service_name": f"{release}-metrics",
        "__meta_kubernetes_service_label_app_kubernetes_io_name": "intergestan",
        "__meta_kubernetes_pod_name": f"{release}-{component}-0",
        "__meta_kubernetes_pod_container_name": component,
        "__meta_kubernetes_pod_label_app_kubernetes_io_component": component,
    }


def _usual(spec: Mapping[str, Any]) -> list[Config]:
    sources = {
        "namespace": "__meta_kubernetes_namespace",
        "service": "__meta_kubernetes_service_name",
        "pod": "__meta_kubernetes_pod_name",
        "container": "__meta_kubernetes_pod_container_name",
        "job": "__meta_kubernetes_service_name",
    }
    found: list[Config] = [{"source_labels": [source], "target_label": target} for target, source in sources.items()]
    if label := spec.get("jobLabel"):
        source = f"__meta_kubernetes_service_label_{re.sub(r'[^a-zA-Z0-9_]', '_', label)}"
        found.append({"source_labels": [source], "target_label": "job", "regex": "(.+)", "replacement": "${1}"})
    return [*found, {"target_label": "endpoint", "replacement": "metrics"}]


_SPELLINGS = {"sourceLabels": "source_labels", "targetLabel": "target_label"}


def _relabeling(one: Mapping[str, Any]) -> Config:
    return {_SPELLINGS.get(key, key): value for key, value in one.items()}
