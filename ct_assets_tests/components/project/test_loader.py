"""What a person reads who got a declaration wrong: the printed text, whole."""

from pathlib import Path

import click
import pytest

from ct_assets_tests.components import kit
from ct_assets_tests.components.project.loader_kit import OTHER, printed, python_sync

pytestmark = pytest.mark.usefixtures("here")


def test_all_mistakes_of_a_declaration_are_told_at_once(tmp_path: Path) -> None:
    sync = "type: ct_assets.components.ClevertapSync\nattributes:\n  object: event\n"

    lines = printed(tmp_path, sync).splitlines()

    assert [line.partition(" is missing")[0] for line in lines] == [
        "defs/sync/defs.yaml:2: `name`",
        "defs/sync/defs.yaml:2: `source`",
        "defs/sync/defs.yaml:2: `identify_by`",
        "defs/sync/defs.yaml:2: `event`",
        "defs/sync/defs.yaml:2: `event_key`",
    ]


def test_a_cron_line_that_dagster_refuses_is_told_with_the_other_mistakes(tmp_path: Path) -> None:
    sync = kit.CUSTOMERS + "  max_rejected: 10\n  trigger: {cron: 60 * * * *}\n"

    assert printed(tmp_path, sync).splitlines()[:2] == [
        "defs/sync/defs.yaml:10: max_rejected: must be at most 1, not 10.",
        "defs/sync/defs.yaml:11: trigger.cron: '60 * * * *' is no cron line that Dagster knows. "
        "Write minute (0-59), hour (0-23), day (1-31), month (1-12) and weekday (0-7), of a day "
        "that exists: every hour is `0 * * * *`.",
    ]


def test_commands_of_dagster_end_with_the_mistake_and_no_frames_around_it(tmp_path: Path) -> None:
    sync = kit.CUSTOMERS.replace("Email: mail", "Email: {colum: mail}")

    with pytest.raises(click.ClickException, match=r"Email\.colum: unknown setting") as caught:
        kit.load(tmp_path, {"sync/defs.yaml": sync})

    assert [frame.name for frame in caught.traceback][1:] == ["load", "definitions", "load_defs"]
    assert caught.value.__suppress_context__


def test_two_syncs_with_one_name(tmp_path: Path) -> None:
    text = printed(tmp_path, kit.CUSTOMERS, **{"again.yaml": kit.CUSTOMERS})

    assert text == (
        "defs/sync/defs.yaml:3: name: the sync of defs/again/defs.yaml is called 'customers' too; "
        "give one another name"
    )


def test_a_sync_in_python_with_the_name_of_another(tmp_path: Path) -> None:
    text = printed(tmp_path, kit.CUSTOMERS, **{"again/syncs.py": python_sync()})

    assert text == (
        "defs/sync/defs.yaml:3: name: the sync of defs/again/syncs.py is called 'customers' too; "
        "give one another name"
    )


def test_a_mistake_in_python_names_the_line_that_declares(tmp_path: Path) -> None:
    text = printed(tmp_path, OTHER, **{"more/syncs.py": python_sync(object="profil")})

    assert text == (
        "defs/more/syncs.py:6: object: must be one of profile, event, segment, token, "
        "subscription, not 'profil'; did you mean 'profile'? Write `object: profile` for people, "
        "`object: event` for what they did, `object: segment` for a list of people, `object: "
        "token` for push tokens of devices, or `object: subscription` for who may be written to."
    )


def test_syncs_that_wait_for_each_other(tmp_path: Path) -> None:
    first, second = kit.CUSTOMERS + "  after: [others]\n", OTHER + "  after: [customers]\n"

    text = printed(tmp_path, first, **{"zz.yaml": second})

    assert text == (
        "defs/sync/defs.yaml:10: after: these wait for each other, and none can go first: "
        "customers/clevertap, others/clevertap. Take one of them out of `after`."
    )


def test_a_sync_whose_profiles_nobody_declares(tmp_path: Path) -> None:
    event = "  event: Visited\n  event_key: id\n  require_profile: custmers\n"
    visits = OTHER.replace("object: profile", "object: event") + event

    text = printed(tmp_path, kit.CUSTOMERS, **{"zz.yaml": visits})

    assert text == (
        "defs/zz/defs.yaml:12: require_profile: no other sync 'custmers'; did you mean 'customers'?"
    )
