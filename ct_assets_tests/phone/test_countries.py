import phonenumbers
import pytest

from ct_assets.phone import country_code
from ct_assets.phone.countries import country_name


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
        ("GBR", "GB"),
        ("in", "IN"),
        ("Deutschland", None),
        ("Congo", None),
        ("Korea", None),
        ("", None),
    ],
)
def test_country_code(text: str, code: str | None) -> None:
    assert country_code(text) == code


def test_every_region_of_libphonenumber_has_a_name_that_leads_back_to_it() -> None:
    regions = phonenumbers.SUPPORTED_REGIONS

    assert {country_code(country_name(region)) for region in regions} == regions
    assert all(country_name(region) != region for region in regions)
