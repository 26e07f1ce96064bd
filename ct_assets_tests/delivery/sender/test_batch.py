import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct_assets.delivery.sender.batch import Batch, Work, records_of


def body_of(records: list[bytes]) -> bytes:
    return b'{"d":[' + b",".join(records) + b"]}"


scalars = st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9)
values = scalars | st.lists(scalars, max_size=3)
objects = st.dictionaries(st.text(max_size=9), values, max_size=3)


@given(st.lists(objects, min_size=1, max_size=5))
def test_records_keep_their_bytes(values: list[dict[str, object]]) -> None:
    records = [orjson.dumps(value) for value in values]

    assert records_of(body_of(records)) == records


def work_of(rows: int) -> Work:
    records = [b'{"row":%d}' % row for row in range(rows)]
    return Work(Batch(0, None, rows, body_of(records)))


def test_a_whole_batch_goes_as_it_came() -> None:
    work = work_of(3)

    assert work.rows == range(3)
    assert work.body() is work.batch.body
    work.finish()
    assert work.done


def test_halves_follow_in_order() -> None:
    work, parts = work_of(5), []
    work.halve()
    work.halve()

    while not work.done:
        parts.append((list(work.rows), work.body()))
        work.finish()

    assert parts == [
        ([0], b'{"d":[{"row":0}]}'),
        ([1], b'{"d":[{"row":1}]}'),
        ([2, 3, 4], b'{"d":[{"row":2},{"row":3},{"row":4}]}'),
    ]


def test_what_is_left_of_a_part() -> None:
    work = work_of(4)
    work.halve()
    work.narrow([1])

    assert (work.rows, work.body()) == ([1], b'{"d":[{"row":1}]}')
    work.finish()
    assert work.rows == range(2, 4)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 1000])
def test_halving_comes_down_to_single_records(rows: int) -> None:
    work = work_of(rows)
    alone: list[int] = []

    while not work.done:
        if len(work.rows) > 1:
            work.halve()
        else:
            alone += work.rows
            work.finish()

    assert alone == list(range(rows))
