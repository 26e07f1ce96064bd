"""The jobs `parked` and `replay` in the UI."""

from pathlib import Path

import dagster as dg
import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit

SOURCE = kit.SOURCE.replace("customer", "visit")
VISITS = """\
type: ct_assets.components.ClevertapSync
attributes:
  name: visits
  object: event
  source: shop/visit
  event: Visited
  event_key: id
  identify_by: [{identity: person}]
  fields: {Page: page}
  on_unknown: park
"""


@pytest.fixture
def visits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> dg.Definitions:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)
    (tmp_path / "visit.csv").write_text("id,person,page\nvisit-0001,ada,home\n")
    return kit.load(tmp_path, {"shop/defs.yaml": SOURCE, "visits/defs.yaml": VISITS})


def done(defs: dg.Definitions, job: str, **options: object) -> tuple[object, str]:
    """The records that it counts, and all that its metadata says; or its failure."""
    op = {"parked": "parked_records", "replay": "refused_records"}[job]
    result = defs.resolve_job_def(job).execute_in_process(
        run_config={"ops": {op: {"config": options}}}, raise_on_error=False
    )
    if not result.success:
        return None, kit.failure(result)
    (output,) = result.filter_events(lambda event: event.is_successful_output)
    metadata = output.step_output_data.metadata
    return metadata["records"].value, str(metadata)


def test_parked_records_are_listed_and_settled(
    visits: dg.Definitions, clevertap_sandbox: SandboxInTest
) -> None:
    clevertap_sandbox.faults.script("503-stored")
    assert kit.run(visits).success

    listed, shown = done(visits, "parked", sync="visits")

    assert listed == 1
    assert "HTTP 503" in shown
    assert "visit-0001" not in shown
    assert "contradict" in done(visits, "parked", sync="visits", resend=True, discard=True)[1]
    assert done(visits, "parked", sync="visits", resend=True)[0] == 1
    assert done(visits, "parked", sync="visits")[0] == 0
    assert done(visits, "replay", sync="visits", code="516", since="2026-01-01")[0] == 0
    assert kit.run(visits).success
    assert len(clevertap_sandbox.events()) == 2


@pytest.mark.parametrize(
    ("job", "options", "told"),
    [
        ("parked", {"sync": "visit"}, "no sync is called 'visit'; did you mean 'visits'?"),
        ("replay", {"sync": "visits"}, "visits was never sent to "),
    ],
)
def test_a_mistake_is_told(
    visits: dg.Definitions, job: str, options: dict[str, object], told: str
) -> None:
    assert told in done(visits, job, **options)[1]


def test_a_job_of_that_name_of_the_project_is_kept(tmp_path: Path) -> None:
    own = """
import dagster as dg

@dg.op
def nothing() -> None: ...

@dg.job(description="theirs")
def parked() -> None:
    nothing()
"""
    defs = kit.load(tmp_path, {"jobs.py": own})

    assert defs.resolve_job_def("parked").description == "theirs"
    assert "refused records" in (defs.resolve_job_def("replay").description or "")
