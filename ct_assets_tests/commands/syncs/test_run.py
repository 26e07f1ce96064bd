import re

import dagster as dg
import pytest

from ct_assets.commands.syncs.run import teller
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import CUSTOMER, Shop


def test_a_limited_run_sends_the_first_rows_for_a_trial(shop: Shop, account: SandboxInTest) -> None:
    shop.write("customer.csv", CUSTOMER.replace("Bob", "NULL"))

    said = shop.said("run", "customers", "--limit", "1")

    assert "customers: Name (null_word): Name is the text NULL in 1 row, and is sent as" in said
    assert said.endswith(
        "customers: 1 cut, 1 rejected, 0 unchanged, 1 held, 1 acked, 0 refused, 0 unknown\n"
    )
    assert [p.identity for p in account.profiles()] == ["1"]
    assert shop.said("run", "customers", "--full").endswith(
        "customers: 1 cut, 1 rejected, 0 unchanged, 0 held, 2 acked, 0 refused, 0 unknown\n"
    )


@pytest.mark.usefixtures("account")
def test_a_guard_says_how_to_pass_it_and_that_works(shop: Shop) -> None:
    shop.declare("customers", "max_rejected", "on_removed: delete\n  max_rejected")
    assert shop.run("customers")
    shop.write("customer.csv", "id,name,mail\n")

    stopped = shop.call("run", "customers")

    assert stopped.exit_code == 1
    assert "run once with allow: [empty_source] (ct-assets run customers --allow empty_source)" in (
        stopped.output
    )
    assert "0 acked" in shop.said("run", "customers", "--allow", "empty_source")


@pytest.mark.usefixtures("account")
def test_a_mistake_is_told_once_and_without_a_stack(shop: Shop, account: SandboxInTest) -> None:
    shop.declare("customers", "Name: name", "Name: nome")

    said = shop.call("run", "customers").output.splitlines()

    declared = shop.package / "defs/customers/defs.yaml"
    assert said == [
        f"customers: the destination is SANDBOX at {account.url.removeprefix('http://')}",
        f"customers__split failed: {declared}:9: fields.Name: Sync customers: shop/customer has no "
        "column 'nome', which Name wants; did you mean 'name'? Mend the declaration, or bring the "
        "column back.",
        "Error: customers is not complete; the reason is above",
    ]


@pytest.mark.usefixtures("account")
def test_a_run_that_its_check_stops_says_why_and_what_to_do(shop: Shop) -> None:
    shop.declare("customers", "max_rejected: 0.5", "max_rejected: 0.1")

    said = shop.call("run", "customers").output.splitlines()

    assert said[1:] == [
        "customers/valid: its blocking check rejected_share failed: 1 of 3 rows are rejected "
        "(33.3%), more than max_rejected (10.0%). Most frequent: Email email_characters (1). Look "
        "at the rows with `ct-assets preview customers`, then mend the source or the mapping, or "
        "raise `max_rejected`. `on_invalid: drop` in Email sends such rows without that field.",
        "Error: customers is not complete; the reason is above",
    ]


def test_a_line_of_the_log_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    tell = teller()
    for line in ("customers: the destination is the sandbox", "customers: 1 of 2 sent") * 2:
        tell(line)

    assert capsys.readouterr().err.splitlines() == [
        "customers: the destination is the sandbox",
        "customers: 1 of 2 sent",
    ]


def test_a_guard_that_there_is_not(shop: Shop) -> None:
    typo = shop.call("run", "customers", "--allow", "max_remove")
    other = shop.call("run", "customers", "--allow", "all")

    assert (typo.exit_code, other.exit_code) == (2, 2)
    assert "no guard is called 'max_remove'; did you mean 'max_removed'?" in typo.output
    assert "empty_source, max_removed" in other.output


DAYS = """\
number,customer,at,amount
n1,1,2026-01-02T03:04:05,3
n2,2,2026-01-03T03:04:06,4
n3,2,2026-01-03T03:04:07,4
"""


def test_run_plan_and_preview_take_the_same_partitions(shop: Shop, account: SandboxInTest) -> None:
    shop.declare(
        "purchases",
        "on_unknown: park",
        "on_unknown: park\n  partition: {by: at, every: day, start: 2026-01-01}",
    )
    shop.write("purchase.csv", DAYS)
    one = ("--partition", "2026-01-03")

    plan = shop.json("plan", "purchases", *one)
    previewed = shop.said("preview", "purchases", *one)
    said = shop.said("run", "purchases", *one)

    assert (plan["partition"], plan["report"]["new"]) == ("2026-01-03", 2)
    assert previewed.startswith("2 valid, 0 rejected, of 2026-01-03\n")
    assert said.endswith(
        "purchases 2026-01-03: 0 rejected, 0 unchanged, 0 held, 2 acked, 0 refused, 0 unknown\n"
    )
    assert shop.json("plan", "purchases", "--all-partitions")["report"]["new"] == 1
    assert shop.json("plan", "purchases")["report"]["new"] == 1, "it waits since 2026-01-02"
    others = r"3 valid, .*\nThese are the rows of 2026-01-02\.\.\..*; --all-partitions takes all\."
    assert re.search(others, shop.said("preview", "purchases"), re.DOTALL)
    assert len(account.events()) == 2


def test_a_destination_that_there_is_not_is_told_before_a_row_is_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", "ACME")

    stopped = shop.call("run", "customers")

    assert stopped.exit_code == 1
    assert "CLEVERTAP_PASSCODE" in stopped.output
    assert not (shop.data / "staging").exists()


@pytest.mark.usefixtures("account")
def test_a_run_is_kept_where_the_project_has_its_home(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")  # so that what the command sets is taken back
    (shop.root / "dagster.yaml").write_text("telemetry: {enabled: false}\n")

    shop.said("run", "customers", "--limit", "1")

    with dg.DagsterInstance.from_config(str(shop.root / ".dagster")) as kept:
        (run,) = kept.get_runs()
        lines = [e.user_message for e in kept.all_logs(run.run_id) if not e.is_dagster_event]
    assert run.job_name == "customers_sync"
    to = run.tags["clevertap/destination"]
    assert lines[-1] == (
        "customers: of 4 rows of the source, 2 can be sent and 1 is rejected. Of these, 1 acked, "
        f"1 held back. CleverTap ({to}) has 1 of it. To see the rows: `ct-assets rejected "
        "customers`."
    )
