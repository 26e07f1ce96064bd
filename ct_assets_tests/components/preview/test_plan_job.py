from pathlib import Path

import dagster as dg
import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit

ROWS = "id,name,mail\n1,Ada,ada@example.org\n2,Bob,bob@example.org\n"


@pytest.fixture
def shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> dg.Definitions:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)
    (tmp_path / "customer.csv").write_text(ROWS)
    return kit.load(tmp_path, {"shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": kit.CUSTOMERS})


def planned(defs: dg.Definitions, **options: object) -> dg.ExecuteInProcessResult:
    config = {"sync": "customers", **options}
    return defs.resolve_job_def("plan").execute_in_process(
        run_config={"ops": {"plan_rows": {"config": config}}}, raise_on_error=False
    )


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, dg.MetadataValue]:
    (output,) = result.filter_events(lambda event: event.is_successful_output)
    return dict(output.step_output_data.metadata)


def counts(result: dg.ExecuteInProcessResult) -> dict[str, int]:
    found = metadata(result)["rows"]
    assert isinstance(found, dg.TableMetadataValue)
    return {str(r.data["rows"]).strip(): int(r.data["count"] or 0) for r in found.records}


def uploads(sandbox: SandboxInTest) -> list[str]:
    """The queries of all requests that bring records; a plan reads the types of fields, too."""
    return [request.query for request in sandbox.requests() if request.path == "/1/upload"]


def files(root: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_it_says_what_a_run_would_send_and_marks_nothing(
    shop: dg.Definitions, tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    assert kit.run(shop).success
    (tmp_path / "customer.csv").write_text(ROWS.replace("Ada", "Zoë") + "3,Li,li@example.org\n")
    before, sent = files(tmp_path / "data"), uploads(clevertap_sandbox)

    result = planned(shop)

    assert result.success
    found = counts(result)
    assert (found["new"], found["changed"], found["unchanged"]) == (1, 1, 1)
    assert "Zoë" not in str(metadata(result))
    assert not [e for e in result.all_events if e.is_asset_observation]
    assert not [e for e in result.all_events if e.is_step_materialization]
    assert files(tmp_path / "data") == before
    assert uploads(clevertap_sandbox) == sent


def test_it_can_ask_clevertap_and_be_limited(
    shop: dg.Definitions, clevertap_sandbox: SandboxInTest
) -> None:
    result = planned(shop, ask_clevertap=True, limit=1)

    assert metadata(result)["clevertap"].value == {"would take": 1, "would refuse": {}}
    assert counts(result)["held: limit"] == 1
    assert uploads(clevertap_sandbox) == ["dryRun=1"]
    assert clevertap_sandbox.profiles() == []


def test_a_source_that_is_gone_fails_in_words(shop: dg.Definitions, tmp_path: Path) -> None:
    (tmp_path / "customer.csv").unlink()

    assert "no file matches 'customer.csv'" in kit.failure(planned(shop))


def test_a_sync_that_is_not_there_fails_in_words(shop: dg.Definitions) -> None:
    assert "no sync is called 'customer'; did you mean 'customers'?" in kit.failure(
        planned(shop, sync="customer")
    )


def test_twelve_syncs_are_not_twenty_four_jobs(tmp_path: Path) -> None:
    (tmp_path / "customer.csv").write_text(ROWS)
    names = [f"sync_{number:02}" for number in range(12)]
    syncs = {
        f"{name}/defs.yaml": kit.CUSTOMERS.replace("customers", name) + "  trigger: on_change\n"
        for name in names
    }

    defs = kit.load(tmp_path, {"shop/defs.yaml": kit.SOURCE, **syncs})

    repository = defs.get_repository_def()
    jobs = [job for job in repository.job_names if not job.startswith("__")]
    assert sorted(jobs) == [
        *("forget", "parked", "plan", "replay"),
        *(f"{name}_sync" for name in names),
    ]
