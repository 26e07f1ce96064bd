"""libphonenumber's verdict on a column of phone numbers, exactly, at the speed of a column scan.

>>> import polars as pl
>>> from ct_assets.phone import e164, explain
>>> df = pl.DataFrame({"phone": ["+1 (650) 253-0000", "98765 43210", "12"]})
>>> df.select(e164("phone", region="IN").struct.field("e164", "status", "reason"))
shape: (3, 3)
┌───────────────┬──────────────────┬───────────┐
│ e164          ┆ status           ┆ reason    │
│ ---           ┆ ---              ┆ ---       │
│ str           ┆ enum             ┆ enum      │
╞═══════════════╪══════════════════╪═══════════╡
│ +16502530000  ┆ valid_normalised ┆ null      │
│ +919876543210 ┆ valid_normalised ┆ null      │
│ null          ┆ invalid          ┆ too_short │
└───────────────┴──────────────────┴───────────┘
"""

from ct_assets.phone.countries import country_code
from ct_assets.phone.expression import e164, explain, is_e164
from ct_assets.phone.installed import PhoneEngineWarning
from ct_assets.phone.regions import UnknownRegionError
from ct_assets.phone.rules import MAX_DIGITS, MIN_DIGITS, UnknownTypeError

__all__ = [
    "MAX_DIGITS",
    "MIN_DIGITS",
    "PhoneEngineWarning",
    "UnknownRegionError",
    "UnknownTypeError",
    "country_code",
    "e164",
    "explain",
    "is_e164",
]
