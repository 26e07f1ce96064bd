"""No passcode and no personal data in logs, events, metadata, run config or exceptions.

Canaries are planted in every column and key, then everything that Dagster keeps of a run, all that
was printed, and every exception with its context is searched for them.
"""

import functools
import logging
import shutil
import traceback
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from ct_assets.clevertap.client import Client
from ct_assets.delivery import deliver
from ct_assets.delivery.sender.limits.retry import Retry
from ct_assets.io_managers import upload_delivery
from ct_assets.sandbox.faults import FAULTS, FaultName, stores
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit

pytestmark = pytest.mark.sampled(6)

PASSCODE = "canary-passcode-9x7"
CANARIES = ("Zzyzx", "secretbird", "30901820", "canarykey", PASSCODE)
ROWS = """\
id,oid,name,mail,phone,number,day
canarykey1,,Ada Zzyzx,ada@secretbird.example,+4930901820,1,2024-01-01
canarykey2,,Bob Zzyzx,bob secretbird,+4930901820 secretbird,2,2024-01-02
,canarykey3,Cyd Zzyzx,cyd@secretbird.example,,3,2024-01-03
canarykey4,,Dan Zzyzx,,,Zzyzx secretbird,Zzyzx day
canarykey4,,Dan Zzyzx,,,4,2024-01-04
"""
SYNC = """\
type: ct_assets.components.ClevertapSync
attributes:
  name: customers
  object: profile
  source: shop/customer
  identify_by: [{identity: id}, {objectId: oid}]
  fields:
    Name: name
    Email: mail
    Phone: {column: phone, region: DE}
    Note: {template: "{name} <{mail}>"}
    Born: {column: day, type: date, on_invalid: drop}
  max_rejected: 1
"""
CONVERTED = "  types: {number: integer}\n"
QUERIED = """\
type: ct_assets.components.SourceTable
attributes:
  asset: shop/customer
  sql: select *, cast(number as integer) as whole from customer
"""
EVENTS = """\
type: ct_assets.components.ClevertapSync
attributes:
  name: customers
  object: event
  source: shop/customer
  event: Wrote
  event_key: {template: "{id}-{mail}"}
  identify_by: [{identity: id}, {objectId: oid}]
  fields:
    Name: name
    SendStats: {column: day, type: date, on_invalid: drop}
    Number: {column: number, type: integer, on_invalid: drop}
  on_unknown: park
  max_rejected: 1
"""
STRICT = SYNC + '  where: "CAST(number AS INT) > 0"\n'
CASES = {
    "rejected": (kit.SOURCE, SYNC),
    "rejected events": (kit.SOURCE, EVENTS),
    "polars reads": (kit.SOURCE + CONVERTED, SYNC),
    "duckdb converts": (QUERIED, SYNC),
    "polars converts": (kit.SOURCE, STRICT),
    "a column is gone": (kit.SOURCE, SYNC.replace("column: phone", "column: phoen")),
}


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of an instance that has run nothing: creating their tables takes the longest."""
    home = tmp_path_factory.mktemp("home")
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        instance.get_runs()
        instance.all_asset_keys()
        instance.all_instigator_state()
    return home


@pytest.fixture
def instance(tmp_path: Path, empty_home: Path) -> Iterator[dg.DagsterInstance]:
    home = shutil.copytree(empty_home, tmp_path / "home")
    with dg.DagsterInstance.local_temp(str(home)) as found:
        yield found


@pytest.fixture(autouse=True)
def account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)
    monkeypatch.setattr(upload_delivery, "Client", functools.partial(Client, seconds=1))
    soon = functools.partial(deliver, retry=Retry(base=0.01, lost_base=0.01))
    monkeypatch.setattr(upload_delivery, "deliver", soon)
    seed = tmp_path / "data" / "chinook"
    seed.mkdir(parents=True)
    for path in (tmp_path / "customer.csv", seed / "customer.csv"):
        path.write_text(ROWS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found_in(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


def everything_kept(home: Path) -> str:
    files = [path for path in sorted(home.rglob("*")) if path.is_file()]
    return "\n".join(path.read_bytes().decode(errors="replace") for path in files)


def everything_raised(error: BaseException | None) -> str:
    """Of the exception, and of all that led to it, shown by default or not."""
    if error is None:
        return ""
    texts = [str(error), repr(error), str(error.args), *traceback.format_exception(error)]
    before = [everything_raised(e) for e in (error.__cause__, error.__context__)]
    return "\n".join([*texts, *before])


def run_and_search(
    root: Path,
    source: str,
    sync: str,
    instance: dg.DagsterInstance,
    capture: pytest.LogCaptureFixture,
) -> tuple[bool, list[str]]:
    capture.set_level(logging.DEBUG)
    files = {"shop/defs.yaml": source, "customers/defs.yaml": sync, "resources.py": kit.WAREHOUSE}
    defs = kit.load(root, files)
    job, raised = defs.resolve_implicit_global_asset_job_def(), None
    try:
        job.execute_in_process(instance=instance)
    except Exception as error:
        raised = error
    seen = [everything_kept(root / "home"), everything_raised(raised), capture.text]
    return raised is None, found_in("\n".join(seen))


passcode = pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(passcode=PASSCODE)], indirect=True, ids=["canary"]
)


@passcode
@pytest.mark.parametrize("case", CASES)
def test_no_canary_leaves_the_files_of_the_sync(
    case: str,
    account: Path,
    instance: dg.DagsterInstance,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    succeeded, found = run_and_search(account, *CASES[case], instance, caplog)

    assert found == []
    assert found_in("".join(capfd.readouterr())) == []
    assert succeeded == case.startswith("rejected")


PASSING: tuple[FaultName, ...] = ("429", "500", "502", "503", "504", "reset")
"""After each of them the same request leaves again."""
FAULTS_OF_RUNS = [PASSING, *((fault,) for fault in FAULTS if fault not in PASSING)]


@passcode
@pytest.mark.parametrize("faults", FAULTS_OF_RUNS, ids="+".join)
def test_no_canary_leaves_through_a_fault(
    faults: tuple[FaultName, ...],
    account: Path,
    clevertap_sandbox: SandboxInTest,
    instance: dg.DagsterInstance,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    clevertap_sandbox.faults.script(*faults)

    sync = EVENTS if stores(faults[0]) else SYNC

    _, found = run_and_search(account, kit.SOURCE, sync, instance, caplog)

    assert clevertap_sandbox.faults.left == ()
    assert found == []
    assert found_in("".join(capfd.readouterr())) == []


@passcode
@pytest.mark.parametrize(("sync", "goes_on"), [(SYNC, True), (EVENTS, False)])
@pytest.mark.parametrize("name", ["state.duckdb", "sends.sqlite", "outbox.parquet"])
def test_no_canary_leaves_through_state_that_is_damaged(
    name: str,
    sync: str,
    goes_on: object,
    account: Path,
    instance: dg.DagsterInstance,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert run_and_search(account, kit.SOURCE, sync, instance, caplog) == (True, [])
    (home,) = {path.parent for path in (account / "data" / "state").rglob("state.duckdb")}
    (home / name).write_text(ROWS)

    succeeded, found = run_and_search(account, kit.SOURCE, sync, instance, caplog)

    assert succeeded == goes_on
    assert found == []
    assert found_in("".join(capfd.readouterr())) == []


@passcode
def test_the_search_finds_what_it_looks_for(
    account: Path, instance: dg.DagsterInstance, caplog: pytest.LogCaptureFixture
) -> None:
    @dg.asset
    def leaky(context: dg.AssetExecutionContext) -> None:
        context.log.info("Ada Zzyzx")
        context.add_output_metadata({"mail": "ada@secretbird.example"})

    dg.Definitions(assets=[leaky]).resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance
    )

    assert found_in(everything_kept(account / "home")) == ["Zzyzx", "secretbird"]
    assert found_in(caplog.text) == []
