import re

from ct_assets.commands.checkup.installation import packages, python


def test_this_installation() -> None:
    assert python().status == "ok"
    assert packages().status == "ok"


def test_a_python_that_is_too_old() -> None:
    check = python("3.10.1")

    assert (check.status, check.found) == ("failed", "3.10.1, and ct_assets wants <3.15,>=3.11")


def test_packages_out_of_bounds_and_missing() -> None:
    check = packages(["polars>=99", "no-such-package>=1", 'tomli; python_version < "3"', "click"])

    assert check.status == "failed"
    assert "polars is " in check.found
    assert "ct_assets wants >=99; no-such-package is not installed" in check.found
    assert check.fix


def test_what_fits() -> None:
    check = packages(["click>=8", "rich"])

    assert check.status == "ok"
    assert re.fullmatch(
        r"ct-assets \S+, dagster \S+, duckdb \S+, polars \S+;"
        " all 2 that it needs are as it wants them",
        check.found,
    )
