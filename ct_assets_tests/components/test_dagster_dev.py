"""`dagster dev` with its daemon, as people run it; launched through GraphQL, watched over HTTP."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest

import ct_assets
from ct_assets.clevertap.contract import MAX_IN_FLIGHT
from ct_assets.components.runs import run_process
from ct_assets.mapping.declaration.rules.catalog_names import STAGES
from ct_assets.sandbox.store.sqlite_database import open_reader
from ct_assets.sandbox.testing import Plan, SandboxInTest, served
from ct_assets_tests.components import kit
from ct_assets_tests.components.chat import Chat, listening
from ct_assets_tests.components.serving import serving, until

EVENTS = """
type: ct_assets.components.SourceTable
attributes:
  asset: shop/visit
  file: visit.csv
---
type: ct_assets.components.ClevertapSync
attributes:
  name: visits
  object: event
  source: shop/visit
  event: Visited
  event_key: id
  identify_by: [{identity: person}]
  fields: {Page: page}
  ts: at
"""
MINUTELY = """
type: ct_assets.components.SourceTable
attributes: {asset: shop/member, file: member.csv}
---
type: ct_assets.components.ClevertapSync
attributes:
  name: members
  object: profile
  source: shop/member
  identify_by: [{identity: id}]
  fields: {Name: name}
  trigger: "* * * * *"
"""
CHAIN = ("shop/visit", "visits/valid", "visits/rejected", "visits/clevertap")
VISITS = 24_000
ANSWERED = 5
"""Batches of a delivery that are answered before it is killed, while others are on their way."""
PLACES = 4
"""For runs, in the `dagster.yaml` that is shipped."""
SOON = 180
"""Seconds."""
LAUNCH = """
mutation ($assets: [AssetKeyInput!]) {
  launchPipelineExecution(executionParams: {mode: "default", selector: {
    repositoryLocationName: "shop", repositoryName: "__repository__", pipelineName: "__ASSET_JOB",
    assetSelection: $assets, assetCheckSelection: []}}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  }
}"""
FROM_FAILURE = """
mutation ($id: String!) {
  launchRunReexecution(reexecutionParams: {parentRunId: $id, strategy: FROM_FAILURE}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  }
}"""
RUN = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status stepKeysToExecute } } }"
TICKS = """
{ sensorOrError(sensorSelector: {repositoryLocationName: "shop", repositoryName: "__repository__",
    sensorName: "alert_on_failure"}) { ... on Sensor { sensorState { ticks(limit: 1) { id } } } } }
"""
REPEATS = """
query ($id: String!) { runsOrError(filter: {tags: [{key: "dagster/parent_run_id", value: $id}]}) {
  ... on Runs { results { runId } } } }"""
LOG = """
query ($id: ID!) { logsForRun(runId: $id, limit: 1000) { ... on EventConnection {
  events { ... on MessageEvent { message } } } } }"""
CANCEL = "mutation ($id: String!) { terminateRun(runId: $id) { __typename } }"


@dataclass(frozen=True)
class Dev:
    url: str

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.url}/graphql", json=body, timeout=60).json()
        assert "errors" not in answer, answer
        found: dict[str, Any] = next(iter(answer["data"].values()))
        return found

    def launch(self, *keys: str) -> str:
        assets = [{"path": key.split("/")} for key in keys]
        return self._launched(self.ask(LAUNCH, assets=assets))

    def again_from_failure(self, run: str) -> str:
        return self._launched(self.ask(FROM_FAILURE, id=run))

    def _launched(self, answer: dict[str, Any]) -> str:
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def status(self, run: str) -> str:
        return str(self.ask(RUN, id=run)["status"])

    def begun(self, run: str) -> bool:
        return self.status(run) not in {"QUEUED", "NOT_STARTED", "STARTING"}

    def ended(self, run: str) -> str:
        def status() -> str | None:
            found = self.status(run)
            return found if found in {"SUCCESS", "FAILURE", "CANCELED"} else None

        return until(status) or ""

    def repeats(self, run: str) -> list[str]:
        return [found["runId"] for found in self.ask(REPEATS, id=run)["results"]]

    def process(self, run: str) -> int | None:
        events = self.ask(LOG, id=run)["events"]
        said = " ".join(event.get("message", "") for event in events)
        found = re.search(r"Executing steps in process \(pid: (\d+)\)", said)
        return int(found[1]) if found else None

    def kill_whole(self, run: str) -> None:
        """Webserver, daemon, code server and all runs, of which this is one."""
        pid = self.process(run)
        assert pid
        os.killpg(os.getpgid(pid), signal.SIGKILL)


@dataclass(frozen=True)
class Project:
    root: Path
    package: Path
    sandbox: SandboxInTest
    chat: Chat

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def env(self) -> Mapping[str, str]:
        return {
            "DAGSTER_HOME": str(self.home),
            "CT_DATA_DIR": str(self.root / "data"),
            "CLEVERTAP_API_URL": self.sandbox.url,
            "CLEVERTAP_ACCOUNT_ID": self.sandbox.account_id,
            "CLEVERTAP_PASSCODE": self.sandbox.passcode,
            "CT_ALERTS_URL": self.chat.url,
            "DAGSTER_GRPC_TIMEOUT_SECONDS": "600",  # to start a run takes long on a busy machine
        }

    @contextlib.contextmanager
    def serving(self) -> Iterator[Dev]:
        with serving(self.root, {**os.environ, **self.env}, self.root) as url:
            yield Dev(url)

    def people(self) -> set[str | None]:
        return {profile.identity for profile in self.sandbox.profiles()}

    def visits(self, first: int, last: int) -> None:
        """All those up to the last are in the file; the earlier ones stay as they are."""
        with (self.root / "visit.csv").open("a") as file:
            if first == 0:
                file.write("id,person,page,at\n")
            file.writelines(
                f"{n},p{n % 97},/page/{n},{1_700_000_000 + n}\n" for n in range(first, last)
            )

    def stored(self) -> int:
        with contextlib.closing(open_reader(self.sandbox.sandbox.store.path)) as connection:
            return int(connection.execute("select count(*) from events").fetchone()[0])

    def pages(self) -> set[object]:
        return {event.props["Page"] for event in self.sandbox.events()}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    files = {
        "shop/defs.yaml": kit.SOURCE,
        "customers/defs.yaml": kit.CUSTOMERS + "  trigger: on_change\n",
        "visits/defs.yaml": EVENTS,
        "members/defs.yaml": MINUTELY,
    }
    package = kit.write(tmp_path, files)
    (package / "definitions.py").write_text(
        "from pathlib import Path\nimport ct_assets\n"
        "defs = ct_assets.definitions(Path(__file__).parent)\n"
    )
    (tmp_path / "workspace.yaml").write_text(
        f"load_from:\n  - python_module: {{module_name: {package.name}.definitions, "
        "working_directory: ., location_name: shop}\n"
    )
    for folder in ("home", "clevertap"):
        (tmp_path / folder).mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text(Path("dagster.yaml").read_text())
    (tmp_path / "customer.csv").write_text("id,name,mail\n1,Ada,ada@example.org\n")
    (tmp_path / "member.csv").write_text("id,name\nm1,Eve\n")
    with served(tmp_path / "clevertap") as sandbox, listening() as chat:
        yield Project(tmp_path, package, sandbox, chat)


def read_before(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person has run the sync that follows changes, before anything ran unattended."""
    for name, value in project.env.items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(project.home)) as instance:
        defs = ct_assets.definitions(project.package)
        stages = (f"customers/{stage}" for stage in STAGES)
        result = kit.run(defs, "shop/customer", *stages, instance=instance)
    assert result.success, kit.failure(result)


def killed_while_sending(project: Project, dev: Dev, runs: int = 1) -> list[str]:
    """Runs of which one had sent a part when `dagster dev` died, with all that belongs to it."""
    project.sandbox.faults.replace(
        Plan(script=("ok",) * ANSWERED + ("timeout",) * MAX_IN_FLIGHT, rates={"timeout": 1.0})
    )
    launched = [dev.launch(*CHAIN) for _ in range(runs)]
    until(lambda: not project.sandbox.faults.left)  # so what was answered has been noted
    until(lambda: all(dev.process(run) for run in launched))
    dev.kill_whole(launched[0])
    assert 0 < project.stored() < VISITS
    project.sandbox.faults.clear()
    return launched


def dead_runs(project: Project) -> list[str]:
    """Runs of `ct-assets run` whose processes are gone: they hold places in the queue."""
    child = subprocess.Popen(["sleep", "60"])
    process = run_process.of(child.pid)
    child.kill()
    child.wait()
    assert process
    with dg.DagsterInstance.from_config(str(project.home)) as instance:
        defs = ct_assets.definitions(project.package)
        runs = [kit.begun(defs, instance, *CHAIN).run_id for _ in range(PLACES - 1)]
        for run in runs:
            instance.add_run_tags(run, run_process.tag(run, process))
    return runs


def goes_on(project: Project, dev: Dev, dead: list[str], seconds: float) -> None:
    """A fifth run by hand, and the next tick, are held up by no dead run, and repeat nothing."""
    fifth = dev.launch(*CHAIN)
    until(lambda: dev.begun(fifth), seconds)
    until(lambda: "m2" in project.people(), seconds)
    assert [dev.ended(run) for run in (fifth, *dead)] == ["SUCCESS", *["FAILURE"] * PLACES]
    (again,) = until(lambda: dev.repeats(dead[0]))
    assert dev.ended(again) == "SUCCESS"
    assert (project.stored(), len(project.pages())) == (VISITS, VISITS)


@pytest.mark.slow
@pytest.mark.long
def test_what_needs_no_click_and_what_outlives_a_kill_and_a_cancellation(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One test, as `dagster dev` takes long to start. Changes and ticks reach CleverTap, a failure
    the chat; killed whole in mid-delivery, it goes on once it is started again."""
    read_before(project, monkeypatch)
    with (project.root / "customer.csv").open("a") as file:
        file.write("2,Bob,bob@example.org\n")
    with project.serving() as dev:
        until(lambda: dev.ask(TICKS)["sensorState"]["ticks"])  # it tells what fails after its first
        failed = dev.launch("shop/visit")
        until(lambda: project.people() == {"1", "2", "m1"})
        until(lambda: any(failed in text for text in project.chat.texts))
        project.visits(0, VISITS)
        (killed,) = killed_while_sending(project, dev)
    dead = [killed, *dead_runs(project)]
    with (project.root / "member.csv").open("a") as file:
        file.write("m2,Ida\n")

    with project.serving() as dev:
        goes_on(project, dev, dead, seconds=400)
        project.visits(VISITS, 2 * VISITS)
        project.sandbox.faults.latency(3.0)
        cancelled = dev.launch(*CHAIN)
        until(lambda: project.stored() > VISITS)
        assert dev.ask(CANCEL, id=cancelled)["__typename"] == "TerminateRunSuccess"
        assert dev.ended(cancelled) == "CANCELED"
        assert project.stored() < 2 * VISITS

        project.sandbox.faults.clear()
        last = dev.again_from_failure(cancelled)
        assert dev.ended(last) == "SUCCESS"
        assert dev.ask(RUN, id=last)["stepKeysToExecute"] == ["visits__clevertap"]
        assert (project.stored(), len(project.pages())) == (2 * VISITS, 2 * VISITS)


@pytest.mark.bench
def test_four_runs_that_died_together_hold_nothing_up_for_three_minutes(project: Project) -> None:
    project.visits(0, VISITS)
    with project.serving() as dev:
        until(lambda: project.people() == {"1", "m1"})  # the faults are for the visits
        begin = time.monotonic()
        dead = killed_while_sending(project, dev, PLACES)
        starts = time.monotonic() - begin
    with (project.root / "member.csv").open("a") as file:
        file.write("m2,Ida\n")

    with project.serving() as dev:
        # Dagster starts runs one by one: those that died again, the tick's, and the fifth, each of
        # which takes a minute where the machine is busy with other things.
        goes_on(project, dev, dead, seconds=max(SOON, 2 * starts))
