"""LateCheck tells a mistake once all definitions are known, others that are merged in, too."""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg
from dagster._core.definitions.job_definition import (
    default_job_io_manager_with_fs_io_manager_schema as default_io_manager,
)
from dagster._core.definitions.resource_definition import ResourceDefinition
from dagster._core.definitions.resource_requirement import ResourceRequirement
from dagster_shared.record import record

from ct_assets.components.project.locations import InvalidDeclarationError
from ct_assets.components.project.pickled_sources import DEFAULT, pickles

KEY = "ct_late_check"


@record
class _NoPickles(ResourceRequirement):
    mistakes: Sequence[str]

    @property
    def expected_type(self) -> type:
        return ResourceDefinition

    @property
    def type_display_name(self) -> str:
        return "resource"

    def is_satisfied(self, resource_defs: Mapping[str, ResourceDefinition]) -> bool:
        bound = resource_defs.get(DEFAULT)
        made_by = getattr(bound, "configurable_resource_cls", object)
        in_files = issubclass(made_by, dg.FilesystemIOManager)
        return not (bound is default_io_manager or in_files or pickles(bound))

    def ensure_satisfied(self, resource_defs: Mapping[str, ResourceDefinition]) -> None:
        if not self.is_satisfied(resource_defs):
            raise InvalidDeclarationError(self.mistakes)


class LateCheck(ResourceDefinition):
    """Demands, as a resource that nobody uses, an I/O manager that does not pickle."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__(lambda _: None, description="Nobody uses it: it demands an I/O manager.")
        self._mistakes = mistakes

    def get_resource_requirements(
        self, source_key: str | None = None
    ) -> Iterator[ResourceRequirement]:
        yield from super().get_resource_requirements(source_key)
        yield _NoPickles(mistakes=self._mistakes)
