"""A project with `dagster dev` and its daemon, launched through GraphQL, watched over HTTP."""

import contextlib
import os
import re
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from ct_assets.sandbox.store.sqlite_database import open_reader
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.components.chat import Chat
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
