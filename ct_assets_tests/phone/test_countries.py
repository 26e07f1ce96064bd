import phonenumbers
import pytest

from ct_assets.phone import country_code
from ct_assets.phone.countries import _folded, _table, country_name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("USA", "US"),
        ("United Kingdom", "GB"),
        ("Czech Republic", "CZ"),
        ("czechia", "CZ"),
        (" Türkiye ", "TR"),
        ("Cote d'Ivoire", "CI"),
        ("Korea, Republic of", "KR"),
        ("Korea, Rep.", "KR"),
        ("U.S.", "US"),
        ("The Bahamas", "BS"),
        ("Guinea Bissau", "GW"),
        ("St Vincent & the Grenadines", "VC"),
        ("Viet Nam", "VN"),
        ("United Kingdom (UK)", "GB"),
        ("GBR", "GB"),
        ("in", "IN"),
        ("Deutschland", None),
        ("Congo", None),
        ("Korea", None),
        ("N.A.", None),
        ("the", None),
        ("-", None),
        ("", None),
    ],
)
def test_country_code(text: str, code: str | None) -> None:
    assert country_code(text) == code


def test_no_name_stands_for_two_countries() -> None:
    countries: dict[str, set[str]] = {}
    for alpha2, _, names in _table():
        for name in names:
            countries.setdefault(_folded(name), set()).add(alpha2)

    assert {name: found for name, found in countries.items() if len(found) > 1} == {}
    assert sum(len(names) for _, _, names in _table()) == len(countries)


def test_every_region_of_libphonenumber_has_a_name_that_leads_back_to_it() -> None:
    regions = phonenumbers.SUPPORTED_REGIONS

    assert {country_code(country_name(region)) for region in regions} == regions
    assert all(country_name(region) != region for region in regions)
