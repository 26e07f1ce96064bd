"""ClevertapSync makes the assets, jobs and sensors of a declared sync."""

from typing import Unpack

import dagster as dg

from ct_assets.components.assets.sync_assets import sync_assets
from ct_assets.components.automation.schedules import chain, cron_problems, schedule
from ct_assets.components.automation.source_sensor import source_sensor
from ct_assets.components.declaration_types import SyncSettings
from ct_assets.components.declared_component import DeclaredComponent
from ct_assets.components.json_schema import sync_schema
from ct_assets.components.preview.mapping_tests import failures, is_checked
from ct_assets.components.project.locations import (
    InvalidDeclarationError,
    RawAttributes,
    errors_at,
    place_of,
)
from ct_assets.components.project.registry import sync_metadata
from ct_assets.components.scaffold.scaffolder import SyncScaffolder
from ct_assets.mapping import parse
from ct_assets.mapping.declaration.rules.constant_fields import dates_as_text
from ct_assets.settings import enter_project


class SyncAttributes(RawAttributes):
    json_schema = staticmethod(sync_schema)


@dg.scaffold_with(SyncScaffolder)
class ClevertapSync(DeclaredComponent):
    """Sends the rows of one source to CleverTap as profiles or events, and accounts for each.

    Assets: `<name>/valid`, `<name>/rejected`, `<name>/clevertap`, `<name>/undelivered`,
    and `<name>/log` if it has a `log`.
    """

    attributes = SyncAttributes

    def __init__(self, **declaration: Unpack[SyncSettings]) -> None:
        """Check the declaration; its settings are those of the YAML.

        Raises:
            DeclarationError: With every mistake in it.
        """
        self.declaration = dates_as_text(declaration)
        self.sync = parse(self.declaration, cron_problems(self.declaration))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        enter_project(context.project_root)  # also if Dagster's own loader has loaded it
        at = place_of(context)
        job = chain(self.sync)
        if self.sync.tests and is_checked() and (failed := failures(self.sync, at)):
            raise InvalidDeclarationError(failed)
        with errors_at(at):
            ticking, watching = schedule(self.sync, job), source_sensor(self.sync)
            metadata = sync_metadata(self.declaration, at)
            assets = sync_assets(self.sync, at, metadata, self.execute)
            return dg.Definitions(
                assets=self.with_own_specs(assets),
                jobs=[job],
                schedules=[ticking] if ticking else [],
                sensors=[watching] if watching else [],
            )
