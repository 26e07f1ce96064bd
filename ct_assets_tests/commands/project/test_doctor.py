import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ct_assets.commands.checkup.diagnosis import Diagnosis
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import Shop

pytestmark = pytest.mark.sampled(4)


def failures(shop: Shop) -> dict[str, tuple[str, str]]:
    """The finding and the fix of each check."""
    found = shop.json("doctor")
    return {c["name"]: (c["found"], c["fix"]) for c in found if c["status"] == "failed"}


@pytest.mark.usefixtures("account")
def test_a_sound_project(shop: Shop) -> None:
    assert shop.run("customers")
    before = shop.digests("state", "staging")

    result = shop.call("doctor")

    assert result.exit_code == 0, result.output
    assert "All is well." in result.output
    assert [c["status"] for c in shop.json("doctor")].count("failed") == 0
    assert shop.digests("state", "staging") == before


def test_no_sandbox_is_started(shop: Shop) -> None:
    found = {c["name"]: (c["status"], c["found"]) for c in shop.json("doctor")}

    assert found["account"] == (
        "note", "the sandbox, which the next run starts; no CLEVERTAP_ variable is set",
    )  # fmt: skip
    assert not (shop.data / "sandbox").exists()
    assert shop.digests("state", "staging") == {}


def test_a_failure_ends_with_1_and_tells_the_fix(shop: Shop) -> None:
    (shop.root / "customer.csv").unlink()

    result = shop.call("doctor")

    assert result.exit_code == 1
    assert "FAILED" in result.output
    assert "fix:" in result.output
    assert "1 of 1" in result.output
    assert set(failures(shop)) == {"source shop/customer"}
    assert "no file matches 'customer.csv'" in failures(shop)["source shop/customer"][0]


def test_declarations_that_do_not_load(shop: Shop) -> None:
    shop.declare("customers", "object: profile", "object: profil")

    (found,) = failures(shop).items()

    assert found[0] == "declarations"
    assert "customers/defs.yaml:4: " in found[1][0]


def test_a_source_that_cannot_be_read(shop: Shop) -> None:
    shop.declare("shop", "customer.csv", "customer.parquet")
    shop.write("customer.parquet", "no Parquet at all")

    (found,) = failures(shop).items()

    assert found[0] == "source shop/customer"
    assert found[1][0].startswith("shop/customer: customer.parquet")


def test_a_check_that_breaks_off(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> Iterator[Diagnosis]:
        raise KeyError("a value of a row")
        yield

    monkeypatch.setattr("ct_assets.commands.project.doctor.sources", broken)

    assert re.fullmatch(
        r"not all could be looked at \(KeyError in test_doctor\.py:\d+\)",
        failures(shop)["sources"][0],
    )
    assert "account" in {check["name"] for check in shop.json("doctor")}


def test_a_storage_of_dagster_that_is_damaged(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = tmp_path / "dagster" / "history"
    history.mkdir(parents=True)
    (history / "runs.db").write_bytes(b"no database at all" * 500)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))

    (found,) = failures(shop).items()

    assert found[0] == "dagster storage"
    assert f"{tmp_path / 'dagster'} cannot be used (" in found[1][0]


def test_a_column_that_is_gone(shop: Shop) -> None:
    shop.write("customer.csv", "id,name,email\n1,Ada,ada@example.org\n")

    (found,) = failures(shop).items()

    assert found[0] == "columns of customers"
    assert (
        "customers/defs.yaml:10: fields.Email: Sync customers: shop/customer has no column"
        in (found[1][0])
    )


def test_an_empty_source(shop: Shop) -> None:
    shop.write("customer.csv", "id,name,mail\n")

    assert failures(shop)["source shop/customer"][0] == "no rows"


def test_an_environment_of_halves(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "secret-passcode")

    (found,) = failures(shop).items()

    assert found[0] == "account"
    assert "CLEVERTAP_ACCOUNT_ID" in found[1][0]
    assert "secret-passcode" not in shop.call("doctor").output


def test_a_wrong_passcode(
    shop: Shop, account: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "wrong-passcode")

    (found,) = failures(shop).items()

    assert found[0] == "account"
    assert "credentials or region refused" in found[1][0]
    assert [r.query for r in account.requests()] == ["dryRun=1"]


def test_a_state_folder_that_is_a_file(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.root / "file").touch()
    monkeypatch.setenv("CT_DATA_DIR", str(shop.root / "file" / "data"))

    assert "CT_DATA_DIR" in failures(shop)


@pytest.mark.parametrize("home", ["dagster", "nowhere"])
def test_dagster(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    (tmp_path / "dagster").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / home))

    (found,) = failures(shop).items()

    if home == "nowhere":
        assert found[0] == "dagster storage"
    else:
        assert found == (
            "dagster daemon",
            (
                "never ran, and customers wait for it",
                "Start it: `dagster-daemon run` beside the webserver, or `dagster dev` for both.",
            ),
        )


def test_the_home_of_a_project_is_looked_at(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    home = shop.root / ".dagster"
    (shop.root / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    home.mkdir()

    found = {c["name"]: (c["status"], c["found"]) for c in shop.json("doctor")}

    assert found["dagster storage"] == ("ok", str(home))
    assert found["dagster daemon"] == ("note", "never ran, and customers wait for it")
