"""A Destination is the CleverTap account that records go to, as its settings name it."""

import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from ct_assets.errors import UserError

REGIONS = ("eu1", "in1", "sg1", "us1", "aps3", "mec1")
"""Region codes; each is served by `https://<code>.api.clevertap.com`."""

VARIABLES = (
    "CLEVERTAP_ACCOUNT_ID",
    "CLEVERTAP_PASSCODE",
    "CLEVERTAP_REGION",
    "CLEVERTAP_API_URL",
)
"""Of the environment; `<name>_` stands before them for an account that has a name."""

WHERE = "CT_DESTINATION"
"""`account`: missing variables are an error. `sandbox`: goes before all CLEVERTAP_ variables."""

DOMAIN = "api.clevertap.com"
"""Also the host of Europe, which may be spelled without its code."""

_NAMED = re.compile(rf"(?:({'|'.join(REGIONS)})|(.*?)_(\d+))-(.+)")
"""A destination's name: a region, or host and port, and the account."""

_HERE = "loopback"


class DestinationError(UserError):
    """The settings name no destination that records may be sent to."""


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


@dataclass(frozen=True)
class AccountSettings:
    """The four settings of an account, with the names that they have where a person sets them."""

    names: Sequence[str]
    """Of the account, the passcode, the region and the URL."""
    given: Mapping[str, str] = field(repr=False)
    """The values by these names; blank or left out if not set."""

    @classmethod
    def of_environment(
        cls, prefix: str | None = None, environ: Mapping[str, str] = os.environ
    ) -> "AccountSettings":
        names = [f"{prefix}_{name}" if prefix else name for name in VARIABLES]
        return cls(names, {name: environ.get(name, "").strip() for name in names})

    @property
    def account(self) -> str:
        return self.names[0]

    @property
    def passcode(self) -> str:
        return self.names[1]

    @property
    def region(self) -> str:
        return self.names[2]

    @property
    def url(self) -> str:
        return self.names[3]

    @property
    def set_names(self) -> list[str]:
        return [name for name in self.names if self.given.get(name)]

    def value(self, name: str) -> str:
        return self.given.get(name, "")


def named_destination(
    settings: AccountSettings, environ: Mapping[str, str] = os.environ
) -> Destination | None:
    """The account that `settings` name.

    None when none of them is set: the sandbox is the destination then, if CT_DESTINATION does not
    say `account`; where it says `sandbox`, that is the destination in any case.
    """
    if sandbox_is_meant(environ):
        return None
    if not settings.set_names:
        if environ.get(WHERE, "").strip() == "account":
            raise DestinationError(f"{WHERE} is account, and {missing(settings)}")
        return None
    _require_all(settings)
    base_url = _base_url(settings)
    account_id = _checked_account(settings.account, settings.value(settings.account))
    passcode = SecretStr(settings.value(settings.passcode))
    return Destination(
        name=f"{_host_label(base_url)}-{account_id}",
        base_url=base_url,
        account_id=account_id,
        passcode=_checked_passcode(settings.passcode, passcode),
    )


def sandbox_is_meant(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether CT_DESTINATION says so; no account need be asked then.

    Raises:
        DestinationError: It says anything unknown.
    """
    meant = environ.get(WHERE, "").strip()
    if meant not in ("", "account", "sandbox"):
        raise DestinationError(f"{WHERE}={meant!r}: write account or sandbox, or leave it out")
    return meant == "sandbox"


def missing(settings: AccountSettings) -> str:
    """Says that nothing of an account is set, and names what would."""
    return (
        f"no account is named: set {settings.account}, {settings.passcode} and {settings.region} "
        f"in the environment of the process that runs the sync, or {WHERE}=sandbox if that is meant"
    )


def is_account_name(name: str) -> bool:
    """Whether a destination's name is that of an account which somebody named, and no sandbox's."""
    return not name.startswith("sandbox-")


def account_key(name: str) -> str:
    """The account that a destination's name is about, the same however it is spelled or reached.

    An account's id is its own at CleverTap, whatever host it is reached through; on loopback each
    port is a server of its own.
    """
    key = host_key(name)
    return key if key == name or key.startswith(_HERE) else f"/{key.partition('/')[2]}"


def host_key(name: str) -> str:
    """The account at the host by which it is reached, the same however both are spelled."""
    named = _NAMED.fullmatch(name)
    if not named:
        return name
    region, host, port, account = named.groups()
    if host is not None and is_loopback(host.replace("_", ":")):
        host = _HERE
    return f"{region or f'{host}:{port}'}/{account.casefold()}"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _require_all(settings: AccountSettings) -> None:
    lacking = [n for n in (settings.account, settings.passcode) if not settings.value(n)]
    region, url = settings.value(settings.region), settings.value(settings.url)
    if not region and not url:
        lacking.append(f"{settings.region} (or {settings.url})")
    if lacking:
        raise DestinationError(
            f"{', '.join(settings.set_names)} set, but not {', '.join(lacking)}: set what is "
            f"missing, or none of them to send to the sandbox"
        )
    if region and url:
        raise DestinationError(
            f"{settings.region} and {settings.url} are both set; keep one: the region for a "
            f"CleverTap account, the URL for another server with the same API"
        )


def _base_url(settings: AccountSettings) -> str:
    if url := settings.value(settings.url):
        return _checked_url(settings.url, url)
    region = settings.value(settings.region)
    if region.lower() not in REGIONS:
        raise DestinationError(
            f"{settings.region}={region!r} is not a CleverTap region; use one of "
            f"{', '.join(REGIONS)}"
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
