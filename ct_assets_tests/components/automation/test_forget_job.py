"""The job `forget` in the UI: it erases a person, and no record of its run says whom."""

from pathlib import Path

import dagster as dg
import pytest

from ct_assets.errors import mask
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit

WHO = "person-0001"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)
    (tmp_path / "customer.csv").write_text(
        f"id,name,mail\n{WHO},Ada,ada@example.org\n2,Bob,bob@example.org\n"
    )
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def done(defs: dg.Definitions, instance: dg.DagsterInstance, **options: object) -> tuple[str, str]:
    """All that its metadata says, or its failure; and what the record of the run says."""
    result = defs.resolve_job_def("forget").execute_in_process(
        run_config={"ops": {"person": {"config": options}}},
        raise_on_error=False,
        instance=instance,
    )
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert dg.validate_run_config(defs.resolve_job_def("forget"), run.run_config)
    entries = [str(entry) for entry in instance.all_logs(result.run_id)]
    record = f"{run} {entries}"
    if not result.success:
        return kit.failure(result), record
    (output,) = result.filter_events(lambda event: event.is_successful_output)
    return str(output.step_output_data.metadata["told"].value), record


def test_a_person_is_erased_and_comes_back(
    tmp_path: Path, home: Path, clevertap_sandbox: SandboxInTest
) -> None:
    files = {"shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": kit.CUSTOMERS}
    defs = kit.load(tmp_path, files)
    assert kit.run(defs).success

    with dg.DagsterInstance.local_temp(str(home)) as instance:
        told, record = done(defs, instance, identity=f" {WHO} ")
        assert told == f"{mask(WHO)} is forgotten; rows that name them are held back from now on."
        assert [p.identity for p in clevertap_sandbox.profiles()] == ["2"]
        assert "of reports erased; deleted from " in record
        assert WHO not in record
        assert kit.run(defs).success
        assert [p.identity for p in clevertap_sandbox.profiles()] == ["2"]

        assert "is forgotten no more (" in done(defs, instance, identity=WHO, lift=True)[0]
        told, record = done(defs, instance, identity=WHO, kind="name")
        assert "kind: 'name' is none of identity, objectId, FBID, GPID" in told
        assert WHO not in record
        assert "identity is empty" in done(defs, instance, identity=" ")[0]
        assert "launch the job anew" in done(defs, instance, identity="(taken out)")[0]

    stored = [p for p in home.rglob("*") if p.is_file() and WHO.encode() in p.read_bytes()]
    assert stored == []
