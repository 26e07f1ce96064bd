"""`dagster dev` with its daemon, as people run it; launched through GraphQL, watched over HTTP."""

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ct_assets.sandbox.store.sqlite_database import open_reader
from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets_tests.components import kit
from ct_assets_tests.components.chat import Chat, listening
from ct_assets_tests.components.serving import serving, until

pytestmark = pytest.mark.slow

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
VISITS = 60_000
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
LOG = """
query ($id: ID!) { logsForRun(runId: $id, limit: 1000) { ... on EventConnection {
  events { ... on MessageEvent { message } } } } }"""
TICKS = """
{ sensorOrError(sensorSelector: {repositoryLocationName: "shop", repositoryName: "__repository__",
    sensorName: "alert_on_failure"}) { ... on Sensor { sensorState { ticks(limit: 1) { id } } } } }
"""
CANCEL = "mutation ($id: String!) { terminateRun(runId: $id) { __typename } }"


@dataclass(frozen=True)
class Dev:
    url: str
    root: Path

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

    def ended(self, run: str) -> str:
        def status() -> str | None:
            found = str(self.ask(RUN, id=run)["status"])
            return found if found in {"SUCCESS", "FAILURE", "CANCELED"} else None

        return until(status) or ""

    def process(self, run: str) -> int:
        events = self.ask(LOG, id=run)["events"]
        said = " ".join(event.get("message", "") for event in events)
        found = re.search(r"Executing steps in process \(pid: (\d+)\)", said)
        assert found
        return int(found[1])


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxInTest]:
    with served(tmp_path_factory.mktemp("clevertap")) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def chat() -> Iterator[Chat]:
    with listening() as chat:
        yield chat


@pytest.fixture(scope="module")
def dev(
    tmp_path_factory: pytest.TempPathFactory, sandbox: SandboxInTest, chat: Chat
) -> Iterator[Dev]:
    """One for all tests of this module: it takes long to start."""
    tmp_path = tmp_path_factory.mktemp("shop")
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
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(Path("dagster.yaml").read_text())
    (tmp_path / "customer.csv").write_text("id,name,mail\n1,Ada,ada@example.org\n")
    (tmp_path / "member.csv").write_text("id,name\nm1,Eve\n")
    env = os.environ | {
        "DAGSTER_HOME": str(home),
        "CT_DATA_DIR": str(tmp_path / "data"),
        "CLEVERTAP_API_URL": sandbox.url,
        "CLEVERTAP_ACCOUNT_ID": sandbox.account_id,
        "CLEVERTAP_PASSCODE": sandbox.passcode,
        "CT_ALERTS_URL": chat.url,
    }
    with serving(tmp_path, env, tmp_path) as url:
        yield Dev(url, tmp_path)


def test_what_happens_with_no_click(dev: Dev, sandbox: SandboxInTest, chat: Chat) -> None:
    """Changes and ticks reach CleverTap, and a failure reaches the chat."""

    def people() -> set[str | None]:
        return {profile.identity for profile in sandbox.profiles()}

    until(lambda: dev.ask(TICKS)["sensorState"]["ticks"])  # it tells what fails after its first
    (dev.root / "visit.csv").unlink(missing_ok=True)
    failed = dev.launch("shop/visit")
    until(lambda: {"1", "m1"} <= people())

    (dev.root / "customer.csv").write_text(
        "id,name,mail\n1,Ada,ada@example.org\n2,Bob,bob@example.org\n"
    )

    until(lambda: {"1", "2", "m1"} <= people())
    until(lambda: any(failed in text for text in chat.texts))


def stored(sandbox: SandboxInTest) -> int:
    with contextlib.closing(open_reader(sandbox.sandbox.store.path)) as connection:
        return int(connection.execute("select count(*) from events").fetchone()[0])


def test_a_run_that_was_killed_or_cancelled_is_completed_by_the_next(
    dev: Dev, sandbox: SandboxInTest
) -> None:
    rows = (f"{n},p{n % 97},/page/{n},{1_700_000_000 + n}" for n in range(VISITS))
    (dev.root / "visit.csv").write_text("id,person,page,at\n" + "\n".join(rows) + "\n")
    chain = ("shop/visit", "visits/valid", "visits/rejected", "visits/clevertap")
    sandbox.faults.latency(3.0)

    killed = dev.launch(*chain)
    until(lambda: stored(sandbox))
    os.kill(dev.process(killed), signal.SIGKILL)
    assert dev.ended(killed) == "FAILURE"
    before = stored(sandbox)
    assert 0 < before < VISITS

    cancelled = dev.launch(*chain)
    until(lambda: stored(sandbox) > before)
    assert dev.ask(CANCEL, id=cancelled)["__typename"] == "TerminateRunSuccess"
    assert dev.ended(cancelled) == "CANCELED"

    sandbox.faults.clear()
    again = dev.again_from_failure(killed)
    assert dev.ended(again) == "SUCCESS"
    assert dev.ask(RUN, id=again)["stepKeysToExecute"] == ["visits__clevertap"]

    pages = {event.props["Page"] for event in sandbox.events()}
    assert len(pages) == VISITS
    copies = stored(sandbox)
    assert dev.ended(dev.launch(*chain, "visits/undelivered")) == "SUCCESS"
    assert stored(sandbox) == copies
