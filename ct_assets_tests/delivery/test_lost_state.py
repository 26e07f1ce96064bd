"""Lost, old, torn and foreign files: nothing that was acknowledged leaves again unasked."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.sender import account_slots, account_witness
from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets_tests.delivery import lost
from ct_assets_tests.delivery.kit import EVENTS, PROFILES, Row, Sync, event, profile

EVENT_ROWS = [event(f"e{n}", str(n % 7), Key=f"e{n}") for n in range(40)]
PROFILE_ROWS = [profile(f"p{n}", Name="Li") for n in range(40)]
LATER: list[Row] = [event(f"f{n}", str(n), Key=f"f{n}") for n in range(5)]
LATER_PROFILES: list[Row] = [profile(f"q{n}", Name="Wu") for n in range(5)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxInTest]:
    with served(tmp_path_factory.mktemp("server")) as sandbox:
        yield sandbox


class Lost:
    """A sync that delivered 40 rows, then 5 more, the second time to its end or to a kill."""

    def __init__(
        self, folder: Path, server: SandboxInTest, name: str, *, killed: bool, **policy: Any
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        base = PROFILES if policy.get("object") == "profile" else EVENTS
        profiles = base is PROFILES
        self.sync = Sync(folder, replace(base, sync=name, **policy), server)
        first: list[Row] = PROFILE_ROWS if profiles else EVENT_ROWS
        self.rows = [*first, *(LATER_PROFILES if profiles else LATER)]
        self.sync.run(first)
        self.older = lost.copy(self.home, folder / "older")
        (self.sync.run_until_fold if killed else self.sync.run)(self.rows)
        self.server = server
        self.before = len(server.requests())
        self.stopped = False

    @property
    def home(self) -> Path:
        return self.sync.home

    def run(self) -> list[str]:
        """What a person is told by the next run."""
        try:
            result = self.sync.run(self.rows)
        except GuardError as error:
            self.stopped = True
            return [str(error)]
        self.stopped = False
        return list(result.notes)

    def sent_again(self) -> int:
        """Records of all requests since; all of the sync's rows had been acknowledged before."""
        return sum(request.records or 0 for request in self.server.requests()[self.before :])


def lose(case: Lost, part: str, how: str, other: Lost) -> bool:
    """False if there is nothing to lose: a finished delivery has no outbox."""
    if not lost.files(case.home, part) and how in ("deleted", "truncated", "flipped"):
        return False
    match how:
        case "deleted":
            lost.delete(case.home, part)
        case "older":
            lost.put_back(case.home, part, case.older)
        case "truncated":
            lost.truncate(case.home, part)
        case "flipped":
            lost.flip(case.home, part)
        case _:
            lost.put_back(case.home, part, other.home)
    return True


HOWS = ("deleted", "older", "truncated", "flipped", "of another sync")
DAMAGED = "{} is damaged and cannot be read"
WORDS = {
    ("state", "deleted"): "state.duckdb is missing, though sends.sqlite knows of delivery 2",
    ("state", "older"): "state.duckdb is an older copy, of delivery 1: sends.sqlite knows of deliv",
    ("state", "truncated"): DAMAGED.format("state.duckdb"),
    ("state", "flipped"): DAMAGED.format("state.duckdb"),
    ("state", "of another sync"): "state.duckdb is that of {destination}/other",
    ("ledger", "deleted"): "sends.sqlite is missing, though state.duckdb knows of delivery 2",
    (
        "ledger",
        "older",
    ): "sends.sqlite is an older copy, which ends with delivery 1: state.duckdb",
    ("ledger", "truncated"): DAMAGED.format("sends.sqlite"),
    ("ledger", "flipped"): DAMAGED.format("sends.sqlite"),
    ("ledger", "of another sync"): "sends.sqlite tells of another state than the state.duckdb",
    ("outbox", "deleted"): "outbox.parquet is missing, though delivery 2 was cut short",
    ("outbox", "older"): "outbox.parquet is missing, though delivery 2 was cut short",
    ("outbox", "truncated"): DAMAGED.format("outbox.parquet"),
    ("outbox", "flipped"): DAMAGED.format("outbox.parquet"),
    ("outbox", "of another sync"): DAMAGED.format("outbox.parquet"),
    ("reports", "deleted"): "the reports are missing; the last delivery is",
    (
        "reports",
        "older",
    ): "the reports end with delivery 1; the last delivery is 2.",
    ("reports", "truncated"): "the latest of the reports is damaged: what it said",
    ("reports", "flipped"): "the latest of the reports is damaged: what it said",
    ("reports", "of another sync"): "the reports tell of another state than the state.duckdb",
    ("folder", "deleted"): "state.duckdb is missing, though what {data} noted beside the account's",
    ("folder", "older"): "state.duckdb is an older copy, of delivery 1: what {data} noted beside",
    ("folder", "truncated"): DAMAGED.format("sends.sqlite"),
    ("folder", "flipped"): DAMAGED.format("sends.sqlite"),
    ("folder", "of another sync"): "state.duckdb is that of {destination}/other",
}
GOES_ON = {("reports", how) for how in HOWS} - {("reports", "of another sync")}


@pytest.fixture(scope="module")
def lost_syncs(
    tmp_path_factory: pytest.TempPathFactory, server: SandboxInTest
) -> Iterator[Callable[..., tuple[Lost, Lost]]]:
    """A sync and another one of its kind, as they were after the second delivery."""
    made: dict[str, tuple[Lost, Lost, Path]] = {}
    root = tmp_path_factory.mktemp("syncs")

    def fresh(*, killed: bool, **policy: Any) -> tuple[Lost, Lost]:
        name = "-".join(["killed" if killed else "whole", *policy.values()])
        if name not in made:
            case = Lost(root / name, server, name, killed=killed, **policy)
            other = Lost(root / f"{name}-o", server, f"other-{name}", killed=killed, **policy)
            made[name] = case, other, lost.copy(case.home, root / f"{name}-kept")
            made_notes[name] = notes_of(case)
        case, other, kept = made[name]
        lost.copy(kept, case.home)
        account_witness.write(case.home, *made_notes[name])
        case.before = len(server.requests())
        return case, other

    made_notes: dict[str, tuple[str, int, int]] = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(account_slots, "ROOT", root / "slots")
        yield fresh


def notes_of(case: Lost) -> tuple[str, int, int]:
    note = account_witness.read(case.home.parent.name, case.home.name)
    assert note
    return note.state_id or "", note.delivery, note.keys


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("part", lost.FILES)
@pytest.mark.parametrize(
    ("killed", "on_unknown"), [(False, "resend"), (True, "resend"), (True, "park")]
)
def test_no_event_that_was_acknowledged_leaves_again(
    lost_syncs: Callable[..., tuple[Lost, Lost]],
    part: str,
    how: str,
    on_unknown: str,
    *,
    killed: bool,
) -> None:
    case, other = lost_syncs(killed=killed, object="event", on_unknown=on_unknown)
    there = lose(case, part, how, other)

    told = case.run()

    assert case.sent_again() == 0
    if not there or (part == "outbox" and not killed):
        assert told == []  # a finished delivery has none, and that of an earlier one is no loss
    elif killed and (part, how) == ("reports", "older"):
        assert told == []
    else:
        words = WORDS[part, how].format(destination=case.home.parent.name, data=case.sync.folder)
        assert words in told[0], told
        assert case.stopped == ((part, how) not in GOES_ON)


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("part", ["state", "ledger", "outbox"])
@pytest.mark.parametrize("how", ["deleted", "older", "truncated", "flipped"])
def test_profiles_go_on_with_a_word(
    lost_syncs: Callable[..., tuple[Lost, Lost]], part: str, how: str, *, killed: bool
) -> None:
    case, other = lost_syncs(killed=killed, object="profile")
    there = lose(case, part, how, other)

    told = case.run()

    assert not case.stopped
    assert (told == []) == (not there or (part == "outbox" and not killed))
    assert case.run() == []
    assert case.sync.run(case.rows).counts.unchanged == 45
