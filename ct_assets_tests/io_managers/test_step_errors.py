import errno

import dagster as dg
import duckdb
import polars as pl
import pytest

from ct_assets.errors import UserError
from ct_assets.io_managers.step_errors import readable
from ct_assets.sources.query_errors import translated


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UserError("customers: mend this"), "customers: mend this"),
        (OSError(errno.ENOSPC, "No space left", "/data/x"), "/data/x: No space left"),
        (pl.exceptions.ComputeError("No space left on device (os error 28)"), "the disk is full"),
        (
            pl.exceptions.ComputeError("secret value"),
            "the rows could not be computed: ComputeError "
            "(polars' own text is left out: it may quote values)",
        ),
    ],
)
def test_what_a_person_can_mend_is_told_in_words(error: Exception, said: str) -> None:
    with pytest.raises(dg.Failure) as raised, readable():
        raise error

    assert str(raised.value) == said


def test_a_full_disk_is_not_taken_for_a_broken_database() -> None:
    full = duckdb.IOException('Could not write file "x": No space left on device')

    with (
        pytest.raises(UserError, match=r"^shop/orders: the disk is full$"),
        translated("shop/orders"),
    ):
        raise full
