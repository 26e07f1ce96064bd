import subprocess
import sys

import phonenumbers

from ct_assets.phone import metadata

LOADED = """
import sys
from ct_assets.phone import metadata
from ct_assets.phone.automaton import cache
from ct_assets.phone.automaton.lookup import Lookup
cached = cache.load(cache.path(metadata.fingerprint()))
if cached:
    Lookup(cached)
print(sum(name.startswith("phonenumbers.data.region_") for name in sys.modules))
"""


def test_calling_codes_are_those_of_phonenumbers() -> None:
    found = {region: metadata.calling_code(region) for region in phonenumbers.SUPPORTED_REGIONS}

    assert found == {region: phonenumbers.country_code_for_region(region) for region in found}


def test_the_metadata_of_no_region_are_loaded_to_find_the_automaton() -> None:
    told = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True)

    assert told.stdout.decode().strip() == "0"
