"""Each setting of a sync edited alone between two runs: the table says what the next one does.

`nothing`: no record leaves. A number: so many records arrive once more. `stops`: nothing leaves
until a person has said what is meant.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Literal

import polars as pl
import pytest

from ct_assets.clevertap.client import Client
from ct_assets.components.preview.scratch import split_rows
from ct_assets.delivery import DeliveryRequest, deliver
from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.io_managers import delivery_requests
from ct_assets.mapping import Sync, parse
from ct_assets.mapping.declaration.sync import Sync as Declaration
from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets_tests.delivery import kit
from ct_assets_tests.delivery.kit import EVENTS, IMPATIENT, PROFILES, arrived

pytestmark = pytest.mark.sampled(4)

PEOPLE = {
    "name": "customers",
    "object": "profile",
    "source": "shop/customer",
    "identify_by": [{"identity": "id"}],
    "fields": {"City": "city"},
}
ORDERS = {
    "name": "orders",
    "object": "event",
    "source": "shop/order",
    "event": "Ordered",
    "event_key": "number",
    "ts": "at",
    "identify_by": [{"identity": "id"}],
    "fields": {"Total": "total"},
}
OF_PEOPLE = {"fields": {"City": "city"}, "identify_by": [{"identity": "id"}]}
ROWS = pl.LazyFrame(
    {
        "id": ["1", "2", "3"],
        "the_same_id": ["1", "2", "3"],
        "payer": ["7", "8", "9"],
        "number": ["n1", "n2", "n3"],
        "the_same_number": ["n1", "n2", "n3"],
        "line": ["l1", "l2", "l3"],
        "kind": ["Ordered"] * 3,
        "city": ["Rome", "Bern", "Oslo"],
        "total": [10, 20, 30],
        "agrees": ["yes", "no", None],
        "at": [1_700_000_000, 1_700_000_001, 1_700_000_002],
        "updated": [1_700_000_100, 1_700_000_101, 1_700_000_102],
    }
)
OTHERS = ROWS.with_columns(pl.col("city").str.to_uppercase(), total=pl.col("total") + 1)

Outcome = int | Literal["nothing", "stops"]


@dataclass(frozen=True)
class Case:
    setting: str
    value: object
    profiles: Outcome | None
    """None where the setting is of events only, or makes sense beside others alone."""
    events: Outcome | None
    others: bool = False
    """Whether other rows have the same keys in the second run."""


CASES = (
    Case("name", "renamed", 3, "stops"),
    Case("object", "the other", "stops", "stops"),
    Case("source", "files/moved", "nothing", "nothing"),
    Case("source", "shop/others", "stops", "stops", others=True),
    Case("identify_by", [{"identity": "the_same_id"}], "nothing", "nothing"),
    Case("identify_by", [{"identity": "payer"}], "stops", "stops"),
    Case("identify_by", [{"objectId": "number"}], "stops", "stops"),
    Case("identify_by", [{"identity": "id"}, {"objectId": "number"}], 3, "nothing"),
    Case("where", "total > 10", "nothing", "nothing"),
    Case("fields", {"City": "city", "Total": "total"}, 3, "nothing"),
    Case("other_columns", {"except": ["line"]}, 3, "nothing"),
    Case("consent", {"column": "agrees", "channels": ["push"]}, 2, None),
    Case("segment", {}, None, None),
    Case("event", "Returned", None, "stops"),
    Case("event", {"column": "kind"}, None, "nothing"),
    Case("event_key", "line", None, "stops"),
    Case("event_key", "the_same_number", None, "nothing"),
    Case("ts", "updated", None, "nothing"),
    Case("duplicates", {"keep_latest_by": "updated"}, "nothing", "nothing"),
    Case("require_profile", "customers", None, "nothing"),
    Case("limits", {"custom_fields": 10}, "nothing", "nothing"),
    Case("junk_identities", ["x"], "nothing", "nothing"),
    Case("max_rejected", 0.5, "nothing", "nothing"),
    Case("max_refused", 0.5, "nothing", "nothing"),
    Case("tests", [{"given": {"id": "1"}, "expect": "cut"}], "nothing", "nothing"),
    Case("trigger", "0 * * * *", "nothing", "nothing"),
    Case("paused", True, "nothing", "nothing"),  # noqa: FBT003 -- the value of a setting
    Case("upstream", "none", "nothing", "nothing"),
    Case("after", ["others"], "nothing", "nothing"),
    Case("destination", "eu", "stops", "stops"),
    Case("partition", {"by": "at", "every": "day", "start": "2023-01-01"}, None, "nothing"),
    Case("on_unknown", "park", "nothing", "nothing"),
    Case("first_run", "from_now", None, "nothing"),
    Case("mode", "update_only", "nothing", None),
    Case("mode", "create_only", "nothing", None),
    Case("look_again_hours", 3, None, None),
    Case("send", "changed_fields", "nothing", None),
    Case("verify", {"sample": 5}, "nothing", "nothing"),
    Case("log", {"days": 30}, "nothing", "nothing"),
    Case("show_keys", "plain", "nothing", "nothing"),
    Case("on_removed", "delete", "nothing", None),
    Case("max_removed", 0.5, "nothing", None),
    Case("max_changed", 0.5, "nothing", "nothing"),
    Case("fresh_within_hours", 24.0, "nothing", "nothing"),
    Case("description", "Of the shop.", "nothing", "nothing"),
    Case("owners", ["team:growth"], "nothing", "nothing"),
    Case("tags", {"tier": "gold"}, "nothing", "nothing"),
    Case("group", "shop", "nothing", "nothing"),
)


class Delivered:
    """A sync that was delivered once; each case works on a copy of its state."""

    def __init__(self, raw: Mapping[str, Any], folder: Path, sandbox: SandboxInTest) -> None:
        self.raw, self.folder = raw, folder
        policy = EVENTS if raw["object"] == "event" else PROFILES
        self.kit = kit.Sync(folder, replace(policy, sync=raw["name"]), sandbox)
        self.kit.home = folder / "state" / "an-account" / raw["name"]
        self.client = Client(self.kit.destination)
        self.deliver(parse(raw), ROWS, self.kit.home)

    def after(self, case: Case, folder: Path) -> Outcome:
        """What a run of the edited declaration does, counted at the server."""
        home = folder / "state" / self.kit.home.parent.name / self.kit.home.name
        shutil.copytree(self.kit.home, home)
        sync = parse(_edited(self.raw, case))
        if case.setting == "name":
            home = home.with_name(sync.name)
        elif case.setting == "destination":
            home = home.parents[1] / "another-account" / sync.name
        before = len(arrived(self.kit.sandbox))
        try:
            self.deliver(sync, OTHERS if case.others else ROWS, home)
        except GuardError:
            return "stops"
        return len(arrived(self.kit.sandbox)) - before or "nothing"

    def deliver(self, sync: Sync, rows: pl.LazyFrame, home: Path) -> None:
        with split_rows(sync, rows) as split:
            assert split.split.gate.passed
            policy = delivery_requests.policy(sync, split.split.declaration)
            request = DeliveryRequest(
                home=home,
                valid=split.valid.path,
                keys=split.valid.folder / delivery_requests.KEYS,
                policy=policy,
                run="run",
                rehearsal=True,  # a copied state has other witnesses than its own files
            )
            deliver(request, self.client, rng=Random(7), retry=IMPATIENT)


def _edited(raw: Mapping[str, Any], case: Case) -> dict[str, Any]:
    if case.setting == "object":
        other = {**(PEOPLE if raw["object"] == "event" else ORDERS)}
        return {**other, "name": raw["name"], "source": raw["source"]}
    return {**raw, case.setting: case.value}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxInTest]:
    with served(tmp_path_factory.mktemp("clevertap")) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def profiles(sandbox: SandboxInTest, tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    return Delivered(PEOPLE, tmp_path_factory.mktemp("profiles"), sandbox)


@pytest.fixture(scope="module")
def events(sandbox: SandboxInTest, tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    return Delivered(ORDERS, tmp_path_factory.mktemp("events"), sandbox)


def _id(case: Case) -> str:
    return f"{case.setting}: {case.value}"


@pytest.mark.parametrize("case", [each for each in CASES if each.profiles], ids=_id)
def test_a_setting_of_a_profile_sync_alone(profiles: Delivered, case: Case, tmp_path: Path) -> None:
    assert profiles.after(case, tmp_path) == case.profiles


@pytest.mark.parametrize("case", [each for each in CASES if each.events], ids=_id)
def test_a_setting_of_an_event_sync_alone(events: Delivered, case: Case, tmp_path: Path) -> None:
    assert events.after(case, tmp_path) == case.events


def test_the_table_has_every_setting() -> None:
    assert {case.setting for case in CASES} == set(Declaration.model_fields)
