"""Subclasses in a project's own code: named in YAML, with hooks that take effect."""

import re
from pathlib import Path

import dagster as dg
import pytest

import ct_assets
from ct_assets.components.project import registry
from ct_assets.components.project.locations import InvalidDeclarationError
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit

CODE = """\
from collections.abc import Iterator

import dagster as dg

import ct_assets


class Owned:
    def get_asset_spec(self, spec: dg.AssetSpec) -> dg.AssetSpec:
        spec = super().get_asset_spec(spec)
        deps = [*spec.deps, dg.AssetKey(["crm", "export"])]
        return spec.replace_attributes(owners=["team:growth"], metadata={}, deps=deps)

    def execute(self, context, results):
        steps = sorted(key.to_user_string() for key in context.selected_asset_keys)
        context.log.info(f"begins {' and '.join(steps)}")
        yield from super().execute(context, results)
        context.log.info(f"ends {' and '.join(steps)}")


class OwnedSync(Owned, ct_assets.ClevertapSync):
    pass


class OwnedTable(Owned, ct_assets.SourceTable):
    pass


class Closed(ct_assets.ClevertapSync):
    def execute(self, context, results):
        if "clevertap" in {key.path[-1] for key in context.selected_asset_keys}:
            raise dg.Failure("the office is closed", allow_retries=False)
        yield from super().execute(context, results)


class Renamed(ct_assets.ClevertapSync):
    def get_asset_spec(self, spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec.replace_attributes(key=spec.key.with_prefix("crm"))
"""
CUSTOMERS = [f"customers/{s}" for s in ("valid", "rejected", "clevertap", "undelivered")]


@pytest.fixture(autouse=True)
def account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> None:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "customer.csv").write_text("id,name,mail\n1,Ada,ada@example.org\n")


def load(root: Path, sync: str, table: str = "ct_assets.SourceTable") -> dg.Definitions:
    """A project whose own module `components` has the classes of `CODE`."""
    package = kit.write(root, {"shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": kit.CUSTOMERS})
    (package / "components.py").write_text(CODE)
    for folder, kind in (("shop", table), ("customers", sync)):
        file, name = package / "defs" / folder / "defs.yaml", kind.replace("own", package.name)
        file.write_text(re.sub("type: .*", f"type: {name}", file.read_text()))
    return ct_assets.definitions(package)


def test_the_public_names_are_types_in_yaml(tmp_path: Path) -> None:
    assert set(registry.catalogue(load(tmp_path, "ct_assets.ClevertapSync"))) == {"customers"}


def test_specs_of_a_subclass_take_effect(tmp_path: Path) -> None:
    defs = load(tmp_path, "own.components.OwnedSync", "own.components.OwnedTable")

    specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
    owned = {key for key, spec in specs.items() if list(spec.owners) == ["team:growth"]}
    assert owned == {"shop/customer", *CUSTOMERS}
    assert {dep.asset_key.to_user_string() for dep in specs["customers/clevertap"].deps} == {
        "customers/valid",
        "crm/export",
    }
    declared = registry.catalogue(defs)["customers"]
    assert declared.source is not None


def test_execute_of_a_subclass_is_around_every_step(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    defs = load(tmp_path, "own.components.OwnedSync", "own.components.OwnedTable")
    instance = dg.DagsterInstance.ephemeral()

    result = kit.run(defs, "shop/customer", *CUSTOMERS, instance=instance)

    assert result.success, kit.failure(result)
    logged = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert [said for said in logged if said.startswith(("begins", "ends"))] == [
        "begins shop/customer",
        "ends shop/customer",
        "begins customers/rejected and customers/valid",
        "ends customers/rejected and customers/valid",
        "begins customers/clevertap",
        "ends customers/clevertap",
        "begins customers/undelivered",
        "ends customers/undelivered",
    ]
    assert [profile.identity for profile in clevertap_sandbox.profiles()] == ["1"]


def test_execute_of_a_subclass_may_keep_a_step_from_its_work(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    result = kit.run(load(tmp_path, "own.components.Closed"))

    failed = {event.step_key for event in result.all_events if event.is_step_failure}
    assert failed == {"customers__clevertap"}
    assert "the office is closed" in kit.failure(result)
    assert clevertap_sandbox.requests() == []


def test_a_key_that_a_subclass_changes_is_told_with_its_place(tmp_path: Path) -> None:
    told = r"customers/defs\.yaml:2: Asset key customers"
    with pytest.raises(InvalidDeclarationError, match=told):
        load(tmp_path, "own.components.Renamed")
