import numpy as np
import polars as pl

from ct_assets.phone import result
from ct_assets.phone.regions import ABSENT, UNKNOWN, Regions, constant


def test_names_and_codes_of_rows() -> None:
    names = pl.Series(["IN", "india", "IND", "Atlantis", "", " ", None, "GB"])
    india, britain = (result.regions().index(code) for code in ("IN", "GB"))

    places = Regions(names).at(np.arange(8))

    assert places.tolist() == [india, india, india, UNKNOWN, ABSENT, ABSENT, ABSENT, britain]


def test_only_the_rows_asked_for() -> None:
    names = Regions(pl.Series(["IN", "GB", "FR"])).slice(1, 2)

    assert names.at(np.array([1, 0])).tolist() == [constant("France"), constant("UK")]
    assert names.at(np.array([], np.intp)).tolist() == []


def test_a_constant() -> None:
    assert Regions(constant("IN")).at(np.arange(2)).tolist() == [constant("India")] * 2
    assert constant(None) == ABSENT
