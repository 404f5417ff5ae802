"""Every panel asks for metrics that the services have, by labels that these metrics have."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import kioku_embedder
import kioku_rt
import kioku_search
import pytest
from prometheus_client.metrics import MetricWrapperBase

DASHBOARDS = sorted((Path(__file__).resolve().parents[3] / "deploy" / "grafana").glob("*.json"))
_NAME = re.compile(r"\bkioku_[a-z0-9_]+")
_SELECTOR = re.compile(r"(kioku_[a-z0-9_]+)\{([^}]*)\}")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_GROUPING = re.compile(r"\bby\s*\(([^)]*)\)")
_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def modules() -> Iterator[ModuleType]:
    """Every module that declares metrics: those that are named for it, and the rpc server's."""
    for package in (kioku_rt, kioku_search, kioku_embedder):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("metrics") or found.name == "kioku_rt.rpc.record":
                yield importlib.import_module(found.name)


def declared() -> dict[str, set[str]]:
    """The labels of each sample that a service may show, by the sample's name."""
    samples: dict[str, set[str]] = {}
    for module in modules():
        for metric in vars(module).values():
            if isinstance(metric, MetricWrapperBase):
                labels = set(metric._labelnames)
                (family,) = metric.describe()
                for end in {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(
                    family.type, ("",)
                ):
                    own = {"le"} if end == "_bucket" else set()
                    samples[family.name + end] = labels | own
    return samples


def panels(path: Path) -> list[Any]:
    """The panels that ask for something."""
    return [one for one in json.loads(path.read_text())["panels"] if one["type"] != "row"]


def questions() -> list[Any]:
    """Every question of every panel, named for people."""
    return [
        pytest.param(target["expr"], target["legendFormat"], id=f"{panel['title']}-{number}")
        for path in DASHBOARDS
        for panel in panels(path)
        for number, target in enumerate(panel["targets"])
    ]


@pytest.mark.parametrize(("question", "legend"), questions())
def test_a_panel_asks_for_what_there_is(question: str, legend: str) -> None:
    """Each metric exists, and each label that is matched, grouped by or shown is one of its own."""
    samples = declared()
    names = set(_NAME.findall(question))
    assert names
    assert names <= samples.keys()
    for name, matchers in _SELECTOR.findall(question):
        assert set(_MATCHER.findall(matchers)) <= samples[name], name
    groups = [set(re.findall(r"\w+", group)) for group in _GROUPING.findall(question)]
    for group in groups:
        assert any(group <= samples[name] for name in names), group
    assert set(_LEGEND.findall(legend)) <= set().union(*groups)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_a_dashboard_can_be_imported(path: Path) -> None:
    """Panels have ids and places of their own, words that explain them, and one data source."""
    board = json.loads(path.read_text())
    every = board["panels"]
    cells = [
        (x, y)
        for panel in every
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(every) == len({panel["id"] for panel in every})
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert all(panel["description"] and panel["targets"] for panel in panels(path))
    assert {"${datasource}"} == {panel["datasource"]["uid"] for panel in panels(path)}
    assert ["datasource"] == [one["name"] for one in board["templating"]["list"]]


def test_a_metric_that_nobody_has_is_found_out() -> None:
    """The test itself can fail: by name and by the sample's kind."""
    samples = declared()
    assert {"model", "tower", "reason"} == samples["kioku_embedder_items_total"]
    assert "le" in samples["kioku_rpc_server_seconds_bucket"]
    assert "kioku_embedder_items" not in samples
