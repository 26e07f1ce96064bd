"""Modes of a profile sync, counted at the sandbox: nobody is created, or nobody is changed."""

from datetime import timedelta

import orjson
import polars as pl
import pytest

from ct_assets.clevertap.client import Client, Reply
from ct_assets.delivery import DeliveryFailed, plan
from ct_assets.delivery.sender.profile_looks import LookError
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.delivery.kit import NOW, Row, Sync, profile

KNOWN, STRANGE = ("k1", "k2", "k3"), ("s1", "s2", "s3")
ALL = (*KNOWN, *STRANGE)


def rows(tier: str, *names: str) -> list[Row]:
    return [profile(name, tier=tier) for name in names or ALL]


def props(sandbox: SandboxInTest) -> dict[str | None, object]:
    return {p.identity: p.props.get("tier") for p in sandbox.profiles()}


def by_the_app(sync: Sync, *names: str) -> None:
    """People who come to CleverTap by another way."""
    records = [
        {"type": "profile", "identity": name, "profileData": {"tier": "app"}} for name in names
    ]
    assert sync.client
    answer = sync.client.upload(orjson.dumps({"d": records}))
    assert isinstance(answer, Reply)
    assert b'"status":"success"' in answer.body


def looks(sandbox: SandboxInTest) -> list[str]:
    """Profiles that were asked for since the last call."""
    requests = [r for r in sandbox.requests() if r.path == "/1/profile.json"]
    return sorted(r.query.partition("=")[2] for r in requests)


@pytest.fixture
def known(profiles: Sync) -> Sync:
    """Half of the people came to CleverTap by another way."""
    by_the_app(profiles, *KNOWN)
    return profiles


def test_update_only_creates_nobody(known: Sync, clevertap_sandbox: SandboxInTest) -> None:
    known.policy_with(mode="update_only")
    result = known.run(rows("gold"))

    assert props(clevertap_sandbox) == dict.fromkeys(KNOWN, "gold")
    assert (result.counts.acked, result.counts.held) == (3, {"not_there": 3})
    assert result.counts.violations() == []
    assert looks(clevertap_sandbox) == sorted(ALL)
    report = pl.read_parquet(result.report).filter(outcome="held")
    assert set(report["code"]) == {"not_there"}


def test_create_only_changes_nobody(known: Sync, clevertap_sandbox: SandboxInTest) -> None:
    known.policy_with(mode="create_only")
    result = known.run(rows("gold"))
    expected = dict.fromkeys(KNOWN, "app") | dict.fromkeys(STRANGE, "gold")

    assert props(clevertap_sandbox) == expected
    assert (result.counts.acked, result.counts.held) == (3, {"there_already": 3})
    again = known.run(rows("silver"))
    assert props(clevertap_sandbox) == expected
    assert again.counts.held == {"there_already": 6}
    assert known.run(rows("silver"), full=True).counts.planned == 0


def test_nobody_is_asked_for_twice_within_the_time(
    known: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    known.policy_with(mode="update_only")
    known.run(rows("gold"))
    known.run(rows("silver"), at=NOW + timedelta(hours=23))
    assert looks(clevertap_sandbox) == sorted(ALL)
    assert props(clevertap_sandbox) == dict.fromkeys(KNOWN, "silver")

    later = known.run(rows("silver"), at=NOW + timedelta(hours=25))
    assert looks(clevertap_sandbox) == sorted([*ALL, *STRANGE])
    assert (later.counts.unchanged, later.counts.held) == (3, {"not_there": 3})


def test_who_appears_later_is_sent_then(known: Sync, clevertap_sandbox: SandboxInTest) -> None:
    known.policy_with(mode="update_only", look_again=timedelta(0))
    known.run(rows("gold"))
    by_the_app(known, "s2")
    result = known.run(rows("gold"), at=NOW + timedelta(minutes=1))

    assert (result.counts.acked, result.counts.unchanged) == (1, 3)
    assert props(clevertap_sandbox)["s2"] == "gold"


def test_a_plan_asks_nobody_and_tells_the_cost(
    known: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    known.policy_with(mode="update_only")
    planned = plan(known.request(rows("gold")))

    assert (planned.new, planned.requests, planned.seconds) == (6, 7, 3.0)
    assert planned.notes[0] == (
        "6 profiles would be looked for first, in as many requests, 3 at a time: 2 s or more"
    )
    assert looks(clevertap_sandbox) == []


def test_a_limit_looks_for_no_more_than_it_needs(
    known: Sync, clevertap_sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ct_assets.delivery.diff.existence.PORTION", 2)
    known.policy_with(mode="create_only")
    result = known.run(rows("gold", "k1", "s1", "k2", "s2"), limit=1)

    assert looks(clevertap_sandbox) == ["k1", "s1"]
    assert (result.counts.acked, result.counts.violations()) == (1, [])
    assert result.counts.held == {"limit": 2, "there_already": 1}


@pytest.mark.parametrize("missing", ["null", "fail"])
def test_both_ways_to_say_that_nobody_is_there(known: Sync, missing: str) -> None:
    settings = known.sandbox.sandbox.settings
    known.sandbox.sandbox.settings = settings.model_copy(update={"missing_profile": missing})
    known.policy_with(mode="update_only")

    assert known.run(rows("gold")).counts.held == {"not_there": 3}


def test_nothing_goes_while_clevertap_does_not_say_who_is_there(
    known: Sync, clevertap_sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.policy_with(mode="create_only")
    asked: list[str] = []

    def read(_: Client, kind: str, value: str) -> Reply:
        asked.append(f"{kind}:{value}")
        return Reply("api.example.test", 503, b"")

    with monkeypatch.context() as patch:
        patch.setattr(Client, "read_profile", read)
        with pytest.raises(LookError, match="which profiles it has: HTTP 503; nothing was sent"):
            known.run(rows("gold"))
    assert len(asked) > 6
    assert props(clevertap_sandbox) == dict.fromkeys(KNOWN, "app")
    assert known.run(rows("gold")).counts.acked == 3


MANY = 10_000


@pytest.mark.long
@pytest.mark.parametrize("clevertap_sandbox", [Settings(log_rows=2 * MANY)], indirect=True)
@pytest.mark.parametrize("mode", ["update_only", "create_only"])
def test_ten_thousand_profiles_half_of_them_known(
    profiles: Sync, clevertap_sandbox: SandboxInTest, mode: str
) -> None:
    names = [f"p{number}" for number in range(MANY)]
    for at in range(0, MANY, 2000):
        by_the_app(profiles, *names[at : at + 2000 : 2])
    profiles.policy_with(mode=mode)
    result = profiles.run(rows("gold", *names))

    half = MANY // 2
    created = half if mode == "create_only" else 0
    there = props(clevertap_sandbox)
    assert (len(there), len(looks(clevertap_sandbox))) == (half + created, MANY)
    changed = sum(there[name] == "gold" for name in names[::2])
    assert changed == (0 if mode == "create_only" else half)
    assert (result.counts.acked, sum(result.counts.held.values())) == (half, half)


@pytest.mark.long
def test_ten_thousand_profiles_half_of_them_filled(
    profiles: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    names = [f"p{number}" for number in range(MANY)]
    for at in range(0, MANY, 2000):
        by_the_app(profiles, *names[at : at + 2000 : 2])
    profiles.policy_with(writes={"tier": "if_empty"})
    profiles.run([profile(name, tier="gold", n=1) for name in names])

    app, gold = dict.fromkeys(names[::2], "app"), dict.fromkeys(names[1::2], "gold")
    assert props(clevertap_sandbox) == app | gold


# Fields with `write: if_empty` --------------------------------------------------------------------


@pytest.fixture
def filling(known: Sync) -> Sync:
    """The app has written `tier` of half the people."""
    known.policy_with(writes={"tier": "if_empty"})
    return known


def test_if_empty_leaves_what_the_app_wrote(
    filling: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    result = filling.run([profile(name, tier="gold", n=1) for name in ALL])

    assert props(clevertap_sandbox) == dict.fromkeys(KNOWN, "app") | dict.fromkeys(STRANGE, "gold")
    assert clevertap_sandbox.requests()[-1].body == (
        b'{"d":['
        b'{"type":"profile","identity":"k1","profileData":{"n":1}},'
        b'{"type":"profile","identity":"k2","profileData":{"n":1}},'
        b'{"type":"profile","identity":"k3","profileData":{"n":1}},'
        b'{"type":"profile","identity":"s1","profileData":{"tier":"gold","n":1}},'
        b'{"type":"profile","identity":"s2","profileData":{"tier":"gold","n":1}},'
        b'{"type":"profile","identity":"s3","profileData":{"tier":"gold","n":1}}]}'
    )
    assert (result.counts.acked, looks(clevertap_sandbox)) == (6, sorted(ALL))


def test_what_was_filled_once_stays_and_is_not_looked_for(
    filling: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    filling.run([profile(name, tier="gold", n=1) for name in ALL])
    by_the_app(filling, "s1")
    later = NOW + timedelta(hours=25)
    filling.run([profile(name, tier="silver", n=2) for name in ALL], at=later, full=True)

    assert props(clevertap_sandbox) == (
        dict.fromkeys(ALL, "app") | dict.fromkeys(("s2", "s3"), "gold")
    )
    assert looks(clevertap_sandbox) == sorted([*ALL, *KNOWN])


def test_a_row_with_nothing_left_to_fill_in_is_held(
    filling: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    first = filling.run(rows("gold"))
    assert (first.counts.acked, first.counts.held) == (3, {"filled_already": 3})
    assert set(pl.read_parquet(first.report).filter(outcome="held")["code"]) == {"filled_already"}
    again = filling.run(rows("silver"))
    assert (again.counts.planned, again.counts.unchanged) == (0, 3)
    assert again.counts.violations() == []
    assert set(props(clevertap_sandbox).values()) == {"app", "gold"}


def test_the_fields_that_profile_json_shows_outside(
    known: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    record = {"type": "profile", "identity": "k1", "profileData": {"Email": "a@app.example"}}
    assert known.client
    known.client.upload(orjson.dumps({"d": [record]}))
    known.policy_with(writes={"Email": "if_empty"})
    known.run([profile(name, Email="b@shop.example", n=1) for name in ("k1", "k2")])

    emails = {p.identity: p.props.get("Email") for p in clevertap_sandbox.profiles()}
    assert (emails["k1"], emails["k2"]) == ("a@app.example", "b@shop.example")


def test_a_filling_whose_answer_was_lost_is_looked_for(
    filling: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    filling.run([profile("s1", n=1)])
    clevertap_sandbox.faults.script("503", repeat=True)
    with pytest.raises(DeliveryFailed):
        filling.run([profile("s1", tier="gold", n=1)])
    clevertap_sandbox.faults.clear()
    by_the_app(filling, "s1")
    filling.run([profile("s1", tier="gold", n=1)])
    assert props(clevertap_sandbox)["s1"] == "app"


def test_a_plan_tells_what_filling_costs(filling: Sync, clevertap_sandbox: SandboxInTest) -> None:
    planned = plan(filling.request([*rows("gold", "k1", "s1"), profile("k2", n=1)]))

    assert (planned.requests, planned.digest) == (3, "")
    assert planned.notes[0].startswith("2 profiles would be looked for first, in as many requests")
    assert looks(clevertap_sandbox) == []


def test_both_a_mode_and_a_field_look(filling: Sync, clevertap_sandbox: SandboxInTest) -> None:
    filling.policy_with(mode="update_only")
    result = filling.run([profile(name, tier="gold", n=1) for name in ALL])

    assert result.counts.held == {"not_there": 3}
    assert props(clevertap_sandbox) == dict.fromkeys(KNOWN, "app")
    assert looks(clevertap_sandbox) == sorted(ALL)


def test_a_creation_whose_answer_was_lost_is_looked_for(
    known: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    known.policy_with(mode="create_only")
    known.run_until_fold(rows("gold", "s1"))
    known.run(rows("gold", "s1"))
    assert props(clevertap_sandbox)["s1"] == "gold"
