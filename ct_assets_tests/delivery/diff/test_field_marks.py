"""Profiles that send what changed alone: exact bytes, doubt, and the law over random edits."""

from random import Random
from typing import Any

import orjson
import pytest

from ct_assets.delivery import DeliveryFailed
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.delivery.kit import Sync, arrived, profile


@pytest.fixture
def sync(profiles: Sync) -> Sync:
    profiles.policy_with(sends_changed_fields=True)
    return profiles


def last(sandbox: SandboxInTest) -> list[str]:
    """Records of the request that came last."""
    body = sandbox.requests()[-1].body.decode()
    return [orjson.dumps(record).decode() for record in orjson.loads(body)["d"]]


def test_only_what_changed_goes(sync: Sync, clevertap_sandbox: SandboxInTest) -> None:
    ada: dict[str, Any] = {"Name": 'Ada "A" é', "n": 1.0, "big": 2**53 + 1, "tags": ["a", "b"]}
    sync.run([profile("1", **ada), profile("2", Name="Bob", n=2.0)])
    sync.run([profile("1", **{**ada, "n": 1.5}), profile("2", Name="Bob", n=2.0)])
    assert clevertap_sandbox.requests()[-1].body == (
        b'{"d":[{"type":"profile","identity":"1","profileData":{"n":1.5}}]}'
    )
    sync.run([profile("1", **{**ada, "n": 1.5, "tags": ["a"]}), profile("2", Name="Bo", n=2.0)])
    assert last(clevertap_sandbox) == [
        '{"type":"profile","identity":"1","profileData":{"tags":["a"]}}',
        '{"type":"profile","identity":"2","profileData":{"Name":"Bo"}}',
    ]


def test_fields_of_any_name(sync: Sync, clevertap_sandbox: SandboxInTest) -> None:
    names = ("a b", "Ünï", "x*", "a[0]", "MSG-email", "a/b", "it", "{}", "a,b")
    sync.run([profile("1", **dict.fromkeys(names, "v"))])  # type: ignore[arg-type]
    sync.run([profile("1", **(dict.fromkeys(names, "v") | {"x*": "w"}))])  # type: ignore[arg-type]
    assert last(clevertap_sandbox) == ['{"type":"profile","identity":"1","profileData":{"x*":"w"}}']


def test_a_new_field_goes_alone(sync: Sync, clevertap_sandbox: SandboxInTest) -> None:
    sync.run([profile("1", Name="Ada", n=1)])
    sync.run([profile("1", Name="Ada", n=1, tier="gold")])
    assert last(clevertap_sandbox) == [
        '{"type":"profile","identity":"1","profileData":{"tier":"gold"}}'
    ]
    sync.run([profile("1", Name="Ada", n=1)])  # gone from the declaration, and back again
    sync.run([profile("1", Name="Ada", n=2, tier="gold")])
    assert last(clevertap_sandbox) == ['{"type":"profile","identity":"1","profileData":{"n":2}}']


def test_a_field_that_is_cleared_is_not_taken_for_sent(
    sync: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    sync.run([profile("1", Name="Ada", tier="gold")])
    sync.run([profile("1", Name="Ada", tier=None, clear=["tier"])])
    assert last(clevertap_sandbox) == [
        '{"type":"profile","identity":"1","profileData":{"tier":{"$delete":1}}}'
    ]
    sync.run([profile("1", Name="Ada", tier="gold")])
    assert last(clevertap_sandbox) == [
        '{"type":"profile","identity":"1","profileData":{"tier":"gold"}}'
    ]


def test_what_the_app_wrote_stays(sync: Sync, clevertap_sandbox: SandboxInTest) -> None:
    sync.run([profile("1", Name="Ada", tier="gold")])
    app = {"type": "profile", "identity": "1", "profileData": {"tier": "platinum"}}
    assert sync.client
    sync.client.upload(orjson.dumps({"d": [app]}))
    sync.run([profile("1", Name="Ada B", tier="gold")])

    (person,) = clevertap_sandbox.profiles()
    assert person.props == {"Name": "Ada B", "tier": "platinum"}


def test_the_whole_record_goes_after_a_lost_answer_and_when_asked_for(
    sync: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    sync.run([profile("1", Name="Ada", n=1)])
    clevertap_sandbox.faults.script("503-stored", repeat=True)
    with pytest.raises(DeliveryFailed):
        sync.run([profile("1", Name="Ada", n=2)])
    clevertap_sandbox.faults.clear()
    sync.run([profile("1", Name="Ada", n=1)])
    whole = '{"type":"profile","identity":"1","profileData":{"Name":"Ada","n":1}}'
    assert last(clevertap_sandbox) == [whole]
    sync.run([profile("1", Name="Ada", n=1)], full=True)
    assert last(clevertap_sandbox) == [whole]
    sync.run([profile("1", Name="Ada", n=3)])
    assert last(clevertap_sandbox) == ['{"type":"profile","identity":"1","profileData":{"n":3}}']


def test_a_sync_that_sends_records_again_forgets_the_fields(
    sync: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    sync.run([profile("1", Name="Ada", n=1)])
    sync.policy_with(sends_changed_fields=False)
    sync.run([profile("1", Name="Ada", n=2)])
    sync.policy_with(sends_changed_fields=True)
    sync.run([profile("1", Name="Ada", n=1)])
    assert last(clevertap_sandbox) == [
        '{"type":"profile","identity":"1","profileData":{"Name":"Ada","n":1}}'
    ]


def test_fields_that_say_when_they_go(profiles: Sync, clevertap_sandbox: SandboxInTest) -> None:
    profiles.policy_with(writes={"n": "if_changed"})
    profiles.run([profile("1", Name="Ada", n=1, tier="gold")])
    profiles.run([profile("1", Name="Ada B", n=1, tier="gold")])
    assert last(clevertap_sandbox) == [
        '{"type":"profile","identity":"1","profileData":{"Name":"Ada B","tier":"gold"}}'
    ]
    profiles.policy_with(writes={"Name": "always"}, sends_changed_fields=True)
    profiles.run([profile("1", Name="Ada B", n=2, tier="gold")])
    assert last(clevertap_sandbox) == [
        '{"type":"profile","identity":"1","profileData":{"Name":"Ada B","n":2}}'
    ]


def test_a_record_that_has_nothing_left_to_send_does_not_leave(
    sync: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    sync.run([profile("1", Name="Ada", n=1), profile("2", Name="Bo", n=2)])
    result = sync.run([profile("1", Name="Ada"), profile("2", n=2, x=None, clear=["x"])])
    assert (result.counts.unchanged, result.counts.violations()) == (2, [])
    sync.run([profile("1", Name="Ada", n=2), profile("2", n=2, Name=None, clear=["Name"])])
    assert last(clevertap_sandbox) == [
        '{"type":"profile","identity":"1","profileData":{"n":2}}',
        '{"type":"profile","identity":"2","profileData":{"Name":{"$delete":1}}}',
    ]


def test_many_are_narrowed_in_parts(
    sync: Sync, clevertap_sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ct_assets.delivery.batch_numbers.MAX_SORTED", 2)
    people = [profile(str(key), Name="Ada", n=1) for key in range(5)]
    sync.run(people)
    sync.run([people[0], *(profile(str(key), Name="Ada", n=2) for key in range(1, 5))])
    assert last(clevertap_sandbox) == [
        f'{{"type":"profile","identity":"{key}","profileData":{{"n":2}}}}' for key in range(1, 5)
    ]


VALUES: dict[str, list[Any]] = {
    "a": [0, 1, 2],
    "b": ["x", "y", 'say "x"'],
    "c": [True, False],
    "d": [0.5, 1.0, 2.25],
}


def test_whatever_is_edited_clevertap_has_the_source_and_got_no_unchanged_field(
    sync: Sync, clevertap_sandbox: SandboxInTest
) -> None:
    rng = Random(4)
    people: dict[str, dict[str, Any]] = {}
    doubt: set[str] = set()
    for _ in range(14):
        before = {key: dict(fields) for key, fields in people.items()}
        for key in rng.sample([f"p{n}" for n in range(6)], 3):
            fields = people.setdefault(key, {n: rng.choice(VALUES[n]) for n in VALUES})
            name = rng.choice([*VALUES])
            fields[name] = rng.choice(VALUES[name])
        trouble = rng.random() < 0.25
        if trouble:
            clevertap_sandbox.faults.script("reset-stored", repeat=True)
        seen = len(arrived(clevertap_sandbox))
        try:
            sync.run([profile(key, **fields) for key, fields in people.items()])
            lost = False
        except DeliveryFailed:
            lost = True
        clevertap_sandbox.faults.clear()
        sent = arrived(clevertap_sandbox)[seen:]
        for record in sent:
            key, data = record["identity"], record["profileData"]
            changed = {n for n in VALUES if people[key][n] != before.get(key, {}).get(n)}
            assert key in doubt or set(data) == changed or key not in before
        doubt = {record["identity"] for record in sent} if lost else set()
        if not lost:
            found = {p.identity: p.props for p in clevertap_sandbox.profiles()}
            assert found == people
