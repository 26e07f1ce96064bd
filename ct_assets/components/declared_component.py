"""Loads a declaration into a component, and calls the hooks that subclasses override."""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Concatenate, ParamSpec, Self

import dagster as dg
from pydantic import BaseModel

from ct_assets.components.project.locations import RawAttributes, parsed
from ct_assets.components.project.registry import DECLARATIONS
from ct_assets.components.runs.run_process import note_process

P = ParamSpec("P")
StepResult = dg.Output[Any] | dg.AssetCheckResult
Execute = Callable[[dg.AssetExecutionContext, Iterator[StepResult]], Iterator[StepResult]]


class DeclaredComponent(dg.Component):
    """The base of `ClevertapSync` and `SourceTable`.

    A `defs.yaml` may name a subclass in the project's own code as its `type:`. `ct-assets plan` and
    `preview` do not call `execute`, which is no place to change rows.
    """

    attributes: ClassVar[type[RawAttributes]]

    def __init__(self, **declaration: Any) -> None:  # noqa: ANN401 - each component types its own
        raise NotImplementedError

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        return cls.attributes

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        return parsed(attributes, context, lambda declaration: cls(**declaration))

    def get_asset_spec(self, spec: dg.AssetSpec) -> dg.AssetSpec:
        """Gives one of the component's assets its spec; `spec` is the default.

        Override it to change owners, tags, metadata, the group, or to add `deps`. The key stays.

            class GrowthSync(ct_assets.ClevertapSync):
                def get_asset_spec(self, spec: dg.AssetSpec) -> dg.AssetSpec:
                    spec = super().get_asset_spec(spec)
                    return spec.merge_attributes(owners=["team:growth"])
        """
        return spec

    def execute(
        self,
        context: dg.AssetExecutionContext,  # noqa: ARG002 - for subclasses
        results: Iterator[StepResult],
    ) -> Iterator[StepResult]:
        """Runs one step of the component; iterating `results` does the work.

        Override it to do something before, after or around a step. `context.selected_asset_keys`
        says which step it is: a sync sends its records in the one of `<name>/clevertap`.

            class OfficeHoursSync(ct_assets.ClevertapSync):
                def execute(
                    self, context: dg.AssetExecutionContext, results: Iterator[StepResult]
                ) -> Iterator[StepResult]:
                    if not is_office_open():
                        raise dg.Failure("the office is closed", allow_retries=False)
                    yield from super().execute(context, results)
        """
        yield from results

    def with_own_specs(self, assets: Iterable[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
        """Applies `get_asset_spec` to every asset, and keeps the declaration in its metadata."""

        def own(spec: dg.AssetSpec) -> dg.AssetSpec:
            declared = {k: v for k, v in spec.metadata.items() if k in DECLARATIONS}
            return self.get_asset_spec(spec).merge_attributes(metadata=declared)

        return [asset.map_asset_specs(own) for asset in assets]


def executed_by(
    execute: Execute,
) -> Callable[
    [Callable[Concatenate[dg.AssetExecutionContext, P], Iterator[StepResult]]],
    Callable[Concatenate[dg.AssetExecutionContext, P], Iterator[StepResult]],
]:
    """Decorates the generator of a step: `execute` iterates it, and its run's process is noted."""

    def decorated(
        step: Callable[Concatenate[dg.AssetExecutionContext, P], Iterator[StepResult]],
    ) -> Callable[Concatenate[dg.AssetExecutionContext, P], Iterator[StepResult]]:
        @functools.wraps(step)
        def run(
            context: dg.AssetExecutionContext, /, *args: P.args, **inputs: P.kwargs
        ) -> Iterator[StepResult]:
            note_process(context)
            yield from execute(context, step(context, *args, **inputs))

        return run

    return decorated
