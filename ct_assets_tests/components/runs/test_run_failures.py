"""What `ct-assets run` and `ct-assets demo` say of a run that failed."""

from collections.abc import Iterator

import dagster as dg
import pytest

from ct_assets.components.runs.run_failures import failures


def told(*assets: dg.AssetsDefinition, **resources: object) -> list[str]:
    defs = dg.Definitions(assets=list(assets), resources=resources)
    job = defs.resolve_implicit_global_asset_job_def()
    return list(failures(job.execute_in_process(raise_on_error=False)))


def raising(error: BaseException) -> dg.AssetsDefinition:
    @dg.asset
    def people() -> None:
        raise error

    return people


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (KeyError("mail"), "KeyError: 'mail'"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_an_exception_of_another_asset_is_told_with_its_place(
    error: Exception, expected: str
) -> None:
    (text,) = told(raising(error))

    assert text.startswith(f"people failed: {expected} (")
    assert text.endswith("components/runs/test_run_failures.py:20)")


def test_a_failure_is_told_in_its_own_words() -> None:
    assert told(raising(dg.Failure("the office is closed"))) == [
        "people failed: the office is closed"
    ]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"metadata": {"why": "it has 3 rows"}}, "it has 3 rows"),
        ({"metadata": {"why": "2 of 3", "what to do": "Mend them"}}, "2 of 3. Mend them"),
        ({"description": "No row is old.", "metadata": {"rows": 3}}, "No row is old.; rows 3"),
        ({}, "it gave no reason"),
    ],
)
def test_a_blocking_check_is_told_by_its_reason(result: dict[str, object], expected: str) -> None:
    spec = dg.AssetCheckSpec("fresh", asset="people", blocking=True)

    @dg.multi_asset(specs=[dg.AssetSpec("people")], check_specs=[spec])
    def people() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        yield dg.MaterializeResult("people")
        yield dg.AssetCheckResult(passed=False, **result)  # type: ignore[arg-type]

    assert told(people) == [f"people: its blocking check fresh failed: {expected}"]


def test_a_run_of_which_no_step_began() -> None:
    @dg.resource
    def broken(_: object) -> None:
        raise OSError("the warehouse is away")

    @dg.asset(required_resource_keys={"warehouse"})
    def people() -> None: ...

    (text,) = told(people, warehouse=broken)

    assert "OSError: the warehouse is away (" in text
