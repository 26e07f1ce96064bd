"""ForgetJob erases a person in the UI, for people who have no shell; no run keeps whom."""

from collections.abc import Callable

import dagster as dg
from pydantic import Field

from ct_assets.clevertap.contract import IDENTIFIERS
from ct_assets.components.erasure.run_config import replace_config
from ct_assets.components.preview.workspace import Workspace
from ct_assets.errors import UserError, mask
from ct_assets.files import owners_files
from ct_assets.io_managers.step_errors import readable
from ct_assets.settings import data_dir

_TAKEN_OUT = "(taken out)"
"""Stands in the config of a run in place of the identifier."""


class ForgetOptions(dg.Config):
    """A person. The identifier is taken out of Dagster's storage before anything is erased."""

    identity: str = Field(description="The identifier's value. It stays in no record of the run.")
    kind: str = Field(default="identity", description=f"Of it: {', '.join(IDENTIFIERS)}.")
    lift: bool = Field(default=False, description="The person came back: hold their rows no more.")


def forget_job(definitions: Callable[[], dg.Definitions]) -> dg.JobDefinition:
    """The job `forget`; `definitions` makes those of the whole deployment."""

    @dg.op(name="person", out=dg.Out(dg.Nothing))
    def forget_op(context: dg.OpExecutionContext, config: ForgetOptions) -> None:
        with readable(), owners_files(data_dir()):
            stored = {"ops": {context.op.name: {"config": {"identity": _TAKEN_OUT}}}}
            replace_config(context.instance, context.run_id, stored)
            told = _forget(context, config, Workspace.of(definitions()))
            context.log.info(told)
            context.add_output_metadata({"person": mask(config.identity.strip()), "told": told})

    @dg.job(
        name="forget",
        description="Erases a person here and in CleverTap, and holds their rows from then on. "
        "This cannot be undone.",
    )
    def forget() -> None:
        forget_op()

    return forget


def _forget(context: dg.OpExecutionContext, config: ForgetOptions, workspace: Workspace) -> str:
    value = config.identity.strip()
    if not value:
        raise UserError("identity is empty; write the identifier of the person to erase")
    if value == _TAKEN_OUT:
        raise UserError(
            "this run repeats one whose identifier was taken out; launch the job anew, with the "
            "identifier"
        )
    if config.kind not in IDENTIFIERS:
        raise UserError(f"kind: {config.kind!r} is none of {', '.join(IDENTIFIERS)}")
    from ct_assets.components.erasure.person_erasure import PersonErasure  # hardly ever needed

    erasure = PersonErasure(workspace, config.kind, value, context.instance)
    if config.lift:
        return erasure.lift()
    return erasure.forget(erasure.reached(), context.log.info)
