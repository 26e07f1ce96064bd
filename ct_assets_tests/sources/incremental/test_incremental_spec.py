from datetime import timedelta
from typing import Any

import pytest

from ct_assets.mapping.declaration.problems import DeclarationError
from ct_assets.sources.incremental.incremental_spec import duration
from ct_assets.sources.source import parse


def declared(incremental: object, **where: str) -> Any:
    return parse({"asset": "shop/person", "incremental": incremental, **(where or {"table": "t"})})


def test_what_is_left_out() -> None:
    spec = declared({"column": "updated_at", "key": "id"}).incremental

    assert (spec.key, spec.look_back) == (("id",), timedelta(hours=1))
    assert duration(spec.full_every) == timedelta(days=7)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("36h", timedelta(hours=36)),
        ("7d", timedelta(days=7)),
        ("2 w", timedelta(weeks=2)),
    ],
)
def test_durations(text: str, time: timedelta) -> None:
    assert (
        declared({"column": "c", "key": ["a", "b"], "lookback": text}).incremental.look_back == time
    )


@pytest.mark.parametrize(
    ("incremental", "where", "told"),
    [
        ({"column": "c"}, {"sql": "select 1"},
         "incremental: `key` is missing. Write the columns that make a row unique, as in `key:"),
        ({"key": "id"}, {}, "incremental: `column` is missing."),
        ({"column": "c", "key": []}, {}, "incremental.key: "),
        ({"column": "c", "key": "id", "lookback": "1 hour"}, {},
         "incremental.lookback: must be a time such as 30m, 1h or 7d, not '1 hour'."),
        ({"column": "c", "key": "id", "lookback": -1}, {}, "incremental.lookback: must be a time"),
        ({"column": "c", "key": "id", "full_every": 7}, {},
         "incremental.full_every: must be a time such as 30m, 1h or 7d, not 7."),
        ({"column": "c", "key": "id", "lookbak": "1h"}, {}, "did you mean 'lookback'?"),
        ({"column": "c", "key": "id"}, {"file": "a.csv"},
         "incremental: is for table, sql and sql_file, not for a file."),
        ("updated_at", {}, "incremental: "),
    ],
)  # fmt: skip
def test_mistakes(incremental: object, where: dict[str, str], told: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        declared(incremental, **where)

    assert told in str(caught.value)
