"""A Destination is the CleverTap account that records go to, as the environment names it."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from ct_assets.errors import UserError

REGIONS = ("eu1", "in1", "sg1", "us1", "aps3", "mec1")
"""Region codes; each is served by `https://<code>.api.clevertap.com`."""

WHERE = "CT_DESTINATION"
"""`account`: missing variables are an error. `sandbox`: goes before all CLEVERTAP_ variables."""

DOMAIN = "api.clevertap.com"
"""Also the host of Europe, which may be spelled without its code."""


class DestinationError(UserError):
    """The environment names no destination that records may be sent to."""


@dataclass(frozen=True)
class Destination:
    name: str
    """Safe as a directory's name; records sent to one destination never count for another."""
    base_url: str
    account_id: str
    passcode: SecretStr
    is_sandbox: bool = False

    @property
    def host(self) -> str:
        """The host, with its port where it is not the usual one, for messages."""
        return urlsplit(self.base_url).netloc

    @property
    def is_loopback(self) -> bool:
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def is_account(self) -> bool:
        """Whether people are reached there: it is no sandbox, and no server on this machine."""
        return not (self.is_sandbox or self.is_loopback)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Destination holds a passcode and is not pickled; read it where needed")


def sandbox_destination(
    url: str,
    sandbox_id: str,
    account_id: str = "SANDBOX",
    passcode: str = "sandbox",
) -> Destination:
    return Destination(
        name=f"sandbox-{sandbox_id}",
        base_url=url.rstrip("/"),
        account_id=account_id,
        passcode=SecretStr(passcode),
        is_sandbox=True,
    )


def destination_from_env(
    prefix: str | None = None, environ: Mapping[str, str] = os.environ
) -> Destination | None:
    """The account that `CLEVERTAP_...` names, or `<prefix>_CLEVERTAP_...` for a named one.

    None when nothing is set: the sandbox is the destination then, if CT_DESTINATION does not say
    `account`; where it says `sandbox`, that is the destination in any case.
    """
    names = _Names(f"{prefix}_" if prefix else "")
    given = {name: environ.get(name, "").strip() for name in names.all}
    meant = environ.get(WHERE, "").strip()
    if meant not in ("", "account", "sandbox"):
        raise DestinationError(f"{WHERE}={meant!r}: write account or sandbox, or leave it out")
    if meant == "sandbox":
        return None
    if not any(given.values()):
        if meant == "account":
            raise DestinationError(f"{WHERE} is account, and {missing(prefix)}")
        return None
    _require_all(names, given)
    base_url = _base_url(names, given[names.region], given[names.url])
    account_id = _checked_account(names.account, given[names.account])
    return Destination(
        name=f"{_host_label(base_url)}-{account_id}",
        base_url=base_url,
        account_id=account_id,
        passcode=_checked_passcode(names.passcode, SecretStr(given[names.passcode])),
    )


def missing(prefix: str | None) -> str:
    """Says that no variable of an account is set, and names them."""
    names = _Names(f"{prefix}_" if prefix else "")
    return (
        f"no account is named: set {names.account}, {names.passcode} and {names.region} in the "
        f"environment of the process that runs the sync, or {WHERE}=sandbox if that is meant"
    )


def is_account_name(name: str) -> bool:
    """Whether a destination's name is an account's, and not a sandbox's or a loopback server's."""
    return not re.match(r"sandbox-|(localhost|127\.[0-9.]+|__1)_\d+", name)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Names:
    def __init__(self, prefix: str) -> None:
        self.account = f"{prefix}CLEVERTAP_ACCOUNT_ID"
        self.passcode = f"{prefix}CLEVERTAP_PASSCODE"
        self.region = f"{prefix}CLEVERTAP_REGION"
        self.url = f"{prefix}CLEVERTAP_API_URL"
        self.all = (self.account, self.passcode, self.region, self.url)


def _require_all(names: _Names, given: Mapping[str, str]) -> None:
    missing = [name for name in (names.account, names.passcode) if not given[name]]
    if not given[names.region] and not given[names.url]:
        missing.append(f"{names.region} (or {names.url})")
    if missing:
        there = ", ".join(name for name in names.all if given[name])
        raise DestinationError(
            f"{there} set, but not {', '.join(missing)}: set what is missing, "
            f"or none of them to send to the sandbox"
        )
    if given[names.region] and given[names.url]:
        raise DestinationError(
            f"{names.region} and {names.url} are both set; keep one: the region for a CleverTap "
            f"account, the URL for another server with the same API"
        )


def _base_url(names: _Names, region: str, url: str) -> str:
    if url:
        return _checked_url(names.url, url)
    if region.lower() not in REGIONS:
        raise DestinationError(
            f"{names.region}={region!r} is not a CleverTap region; use one of {', '.join(REGIONS)}"
        )
    return f"https://{region.lower()}.{DOMAIN}"


def _checked_url(name: str, text: str) -> str:
    url = _parsed(name, text)
    if url.username is not None or url.password is not None or url.query or url.fragment:
        raise DestinationError(
            f"{name} must be an address alone, such as https://in1.{DOMAIN}: "
            f"leave out user name, password, ? and #"
        )
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise DestinationError(
            f"{name} is http to {url.hostname}; only https is used, except on loopback, "
            f"because records hold personal data: write https://{url.netloc}"
        )
    return f"{url.scheme}://{url.netloc.lower()}{url.path.rstrip('/')}"


def _parsed(name: str, text: str) -> SplitResult:
    """`text` taken apart; a refused one is not repeated, since it may hold a password."""
    try:
        url = urlsplit(text)
        complete = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:
        complete = False
    if not complete:
        raise DestinationError(f"{name} is not a web address; write it as https://in1.{DOMAIN}")
    return url


def _checked_account(name: str, account_id: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", account_id):
        raise DestinationError(
            f"{name} may hold letters, digits, - and _ only, as in ABC-DEF-GHIJ; "
            f"copy it from Settings > Project in the CleverTap dashboard"
        )
    return account_id


def _checked_passcode(name: str, passcode: SecretStr) -> SecretStr:
    """Refuses what no HTTP header can carry, before an encoder's error quotes it."""
    value = passcode.get_secret_value()
    if not (value.isascii() and value.isprintable()):
        raise DestinationError(f"{name} holds characters that a passcode cannot have; copy it anew")
    return passcode


def _host_label(base_url: str) -> str:
    """The region's code, or `<host>_<port>`, which no region's code can be mistaken for."""
    url = urlsplit(base_url)
    region = {f"{code}.{DOMAIN}": code for code in REGIONS} | {DOMAIN: "eu1"}
    if url.hostname in region and url.scheme == "https" and url.port in (None, 443):
        return region[url.hostname]
    port = url.port or (443 if url.scheme == "https" else 80)
    return re.sub(r"[^A-Za-z0-9.-]", "_", f"{url.hostname}_{port}{url.path}")
