"""Serves the sandbox until it is stopped: `ct-assets sandbox`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click
import httpx
import orjson
from pydantic import ValidationError

from ct_assets.errors import UserError
from ct_assets.sandbox.faults import FAULTS, Plan
from ct_assets.sandbox.sandbox_settings import wrong_in
from ct_assets.sandbox.server.background_process import Address, find, folder_of, stop
from ct_assets.sandbox.server.folder_service import load_settings, serve
from ct_assets.sandbox.server.origin_guard import is_loopback
from ct_assets.settings import data_dir

Made = TypeVar("Made")


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Left out: the port it had before, or any that is free.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where it keeps its file. Left out: `sandbox` in CT_DATA_DIR, the one that runs use.",
)
@click.option(
    "--set",
    "changes",
    metavar="NAME=VALUE",
    multiple=True,
    help="A setting; goes before settings.json in its folder. The page lists them all.",
)
@click.option(
    "--fault",
    "rates",
    metavar="NAME=SHARE",
    multiple=True,
    help="Strike this share of the uploads, such as 429=0.1 or reset-stored=0.05.",
)
@click.option("--script", metavar="NAMES", help="Strike the next uploads in turn: 'ok 503 ok 429'.")
@click.option("--latency", metavar="SECONDS", type=float, help="Before each answer.")
@click.option("--seed", type=int, help="Of the chance in --fault.")
@click.option("--stop", "stops", is_flag=True, help="End the one that runs use; its file stays.")
def command(
    port: int | None,
    host: str,
    folder: Path | None,
    changes: tuple[str, ...],
    rates: tuple[str, ...],
    script: str | None,
    latency: float | None,
    seed: int | None,
    *,
    stops: bool,
) -> None:
    """Serve the sandbox until Ctrl+C, with its page at the same address.

    If one is running already, it takes over the faults, and its address is printed.
    """
    if stops:
        click.echo("Stopped." if stop(data_dir()) else "None is running.")
        return
    plan = _plan(rates, script, latency, seed)
    running = find(data_dir()) if folder is None and port is None else None
    if running:
        _tell(running, changes, plan)
        return
    home = folder or folder_of(data_dir())
    settings = load_settings(home, _pairs("--set", changes, _value))
    if not is_loopback(host):
        click.secho(
            f"Warning: {host} can be reached from other machines. Whoever reaches it can read "
            "everything in this sandbox, and whoever knows the passcode can write to it.",
            fg="yellow",
            err=True,
        )
    serve(home, host=host, port=port, settings=settings, plan=plan, ready=_say)


def _plan(
    rates: Sequence[str], script: str | None, latency: float | None, seed: int | None
) -> Plan | None:
    """The plan of faults; None if no option names one."""
    given = {
        "rates": _pairs("--fault", rates, _share) or None,
        "script": script.replace(",", " ").split() if script else None,
        "latency_seconds": latency,
        "seed": seed,
    }
    named = {name: value for name, value in given.items() if value is not None}
    for name in (*(given["rates"] or ()), *(given["script"] or ())):  # type: ignore[misc]  # a mapping and a list
        if name not in FAULTS:
            raise UserError(f"no fault is named {name!r}; there are {', '.join(FAULTS)}")
    try:
        return Plan.model_validate(named) if named else None
    except ValidationError as error:
        raise UserError(f"faults: {wrong_in(error)}") from None


def _pairs(option: str, given: Sequence[str], read: Callable[[str], Made]) -> dict[str, Made]:
    pairs = {}
    for text in given:
        name, sign, value = text.partition("=")
        try:
            pairs[name.strip()] = read(value)
        except ValueError:
            sign = ""
        if not sign:
            example = "429=0.1" if option == "--fault" else "max_in_flight=3"
            raise UserError(f"{option} {text}: it takes NAME=VALUE, such as {example}")
    return pairs


def _share(text: str) -> float:
    return float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)


def _value(text: str) -> object:
    """The value of JSON; a text that is not JSON stays as it is."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _tell(running: Address, changes: Sequence[str], plan: Plan | None) -> None:
    if changes:
        raise UserError(
            f"the sandbox is running already, process {running.pid}, and takes settings at its "
            "start only: end it with `ct-assets sandbox --stop`, then start it with --set"
        )
    if plan:
        url = f"{running.url}/sandbox/faults"
        try:
            answer = httpx.put(url, content=plan.model_dump_json(), trust_env=False)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise UserError(f"the sandbox did not take its faults: {error}") from None
    click.echo(f"Already running, process {running.pid}.{' It has its faults.' if plan else ''}")
    _say(running)


def _say(address: Address) -> None:
    click.echo(
        f"CleverTap sandbox at {address.url} (what it was sent is kept when it stops)\n"
        f"  account   {address.account_id}\n"
        f"  passcode  {address.passcode}\n\n"
        "To send to it from elsewhere on this machine:\n"
        f"  export CLEVERTAP_API_URL={address.url} "
        f"CLEVERTAP_ACCOUNT_ID={address.account_id} CLEVERTAP_PASSCODE={address.passcode}"
    )
