"""Gives libphonenumber's verdict on columns of phone numbers, at the speed of a column scan.

>>> import polars as pl
>>> from ct_assets.phone import e164, explain
>>> df = pl.DataFrame({"phone": ["+1 (650) 253-0000", "98765 43210", "12"]})
>>> df.select(e164("phone", region="India").struct.field("e164", "status", "reason"))
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

`status` is one of valid_as_is, valid_normalised, invalid, unparsable and null, and only a valid
number has `e164`. What else is said, and why:

===================== ============== ==================== =========================================
input                 region         result               why
===================== ============== ==================== =========================================
+16502530000                         +16502530000         in E.164 form already
+1 (650) 253-0000                    +16502530000         the region is not needed after a +
98765 43210           India          +919876543210        an ISO 3166 code or an English name
919876543210          IN             +919876543210        the calling code without its +
00 44 20 7946 0958    FR             +442079460958        dialled abroad from France
+44 (0)20 7946 0958                  +442079460958        the trunk prefix is left out
06 6982 1234          Italy          +390669821234        an Italian number keeps its zero
011 15-2345-6789      AR             +5491123456789       15 becomes a 9 before the area code
020 7946 0958 ext. 12 GB             +442079460958        extensions are left out
1-800-FLOWERS         US             +18003569377         letters as on the keys
＋１ ６５０２５３００００                        +16502530000         digits of any script
+453 3331 9991                       too_long             9 digits; Danish numbers have 8
+6141234567890                       invalid_length       11 digits; Australia has 10 and 12
253-0000              US             local_only           no area code
+91 0124 39883988                    not_valid_for_region of a possible length, but no such number
+999 123 456 789                     invalid_country_code there is no calling code 999
020 7946 0958                        no_region            neither a + nor a region
020 7946 0958         Atlantis       unknown_region       never guessed
+44 20 7946 0958      Atlantis       +442079460958        not needed, so not looked at
n/a                   GB             not_a_number         no digits
+4312345                             below_min_digits     valid for libphonenumber; a rule of ours
+6200180306988043318                 above_max_digits     valid for libphonenumber; not E.164
===================== ============== ==================== =========================================

How it works: `compiler` follows libphonenumber's steps for all strings of digits at once and makes
an automaton in flat arrays of them, which `automaton` keeps on disk and asks. `engine` judges
slices of a column: texts in which nothing but digits matters go to the automaton, and what is left
to phonenumbers itself (`slow`, `reference`).
"""

from ct_assets.phone.automaton.current_automaton import PhoneEngineWarning
from ct_assets.phone.countries import country_code
from ct_assets.phone.double_readings import doubled
from ct_assets.phone.expression import e164, explain, is_e164
from ct_assets.phone.regions import UnknownRegionError
from ct_assets.phone.rules import MAX_DIGITS, MIN_DIGITS, UnknownTypeError

__all__ = [
    "MAX_DIGITS",
    "MIN_DIGITS",
    "PhoneEngineWarning",
    "UnknownRegionError",
    "UnknownTypeError",
    "country_code",
    "doubled",
    "e164",
    "explain",
    "is_e164",
]
