"""Gives the metadata of the installed phonenumbers, as the compiler wants them."""

import functools
import hashlib
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc

from ct_assets.phone import result

# The order in which libphonenumber tries the types; fixed line and mobile have a rule of their own.
TYPED = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)


@functools.cache
def calling_codes() -> dict[int, tuple[str, ...]]:
    """Each calling code with its regions, the main one first."""
    codes = sorted(phonenumbers.supported_calling_codes())
    return {code: tuple(phonenumbers.region_codes_for_country_code(code)) for code in codes}


def calling_code(region: str) -> int:
    """Of a region, 0 of none; phonenumbers would load the metadata of the region to say it."""
    return _by_region().get(region, 0)


@functools.cache
def _by_region() -> dict[str, int]:
    known = phonenumbers.SUPPORTED_REGIONS
    return {r: code for code, regions in calling_codes().items() for r in regions if r in known}


def of(code: int, region: str) -> PhoneMetadata:
    """The metadata of a region, or of a calling code that belongs to no region."""
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None:
        raise LookupError(f"phonenumbers has no metadata for {region} (+{code})")
    return metadata


def possible_reason(metadata: PhoneMetadata, length: int) -> str:
    """Why a number of this length is not valid: its length, or else its digits."""
    general = _general(metadata)
    lengths = general.possible_length
    if length in general.possible_length_local_only:
        return "local_only"
    if length in lengths:
        return "not_valid_for_region"
    if length < lengths[0]:
        return "too_short"
    return "too_long" if length > lengths[-1] else "invalid_length"


def pattern(desc: PhoneNumberDesc | None) -> str:
    """The pattern of a description, empty if it has none."""
    return (desc.national_number_pattern or "") if desc is not None else ""


def has_length(desc: PhoneNumberDesc | None, length: int) -> bool:
    """Whether numbers of a description can have this length."""
    return desc is not None and (not desc.possible_length or length in desc.possible_length)


def _general(metadata: PhoneMetadata) -> PhoneNumberDesc:
    if metadata.general_desc is None:
        raise LookupError(f"no general description of {metadata.id}")
    return metadata.general_desc


def _all() -> Iterator[tuple[int, str, PhoneMetadata]]:
    for code, regions in calling_codes().items():
        for region in regions:
            yield code, region, of(code, region)


def _compiler() -> Iterator[Traversable]:
    package = resources.files("ct_assets.phone")
    yield from (package / "metadata.py", package / "result.py")
    modules = package.joinpath("compiler").iterdir()
    yield from sorted((m for m in modules if m.name.endswith(".py")), key=lambda m: m.name)


def _written() -> Iterator[bytes]:
    """The metadata, as their files have them; to load all of them takes half a second."""
    files = sorted(resources.files("phonenumbers.data").iterdir(), key=lambda file: file.name)
    sources = [file for file in files if file.name.endswith(".py")]
    for source in sources:
        yield f"{source.name}\n".encode() + source.read_bytes()
    if not sources:  # an installation of compiled modules alone
        yield from (repr(item).encode() for item in _all())


@functools.cache
def fingerprint() -> str:
    """Stands for all that an automaton depends on: metadata, their reader and our compiler."""
    digest = hashlib.sha256(f"{phonenumbers.__version__} {result.regions()}".encode())
    for source in _compiler():
        digest.update(source.read_bytes())
    for content in _written():
        digest.update(content)
    return digest.hexdigest()
