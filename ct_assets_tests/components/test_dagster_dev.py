"""`dagster dev` with its daemon, as people run it; launched through GraphQL, watched over HTTP."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

import ct_assets
from ct_assets.clevertap.contract import MAX_IN_FLIGHT
from ct_assets.components.runs import run_process
from ct_assets.mapping.declaration.rules.catalog_names import STAGES
from ct_assets.sandbox.testing import Plan, served
from ct_assets_tests.clevertap.account import own_account
from ct_assets_tests.components import kit
from ct_assets_tests.components.chat import listening
from ct_assets_tests.components.dagster_dev_kit import (
    ANSWERED,
    CANCEL,
    CHAIN,
    EVENTS,
    MINUTELY,
    PLACES,
    RUN,
    SOON,
    TICKS,
    VISITS,
    Dev,
    Project,
)
from ct_assets_tests.components.serving import until


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
    with served(tmp_path / "clevertap", own_account()) as sandbox, listening() as chat:
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
