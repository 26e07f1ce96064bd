from typing import Self

import dagster as dg
from pydantic import BaseModel

from ct_assets.components.assets.sync_assets import sync_assets
from ct_assets.components.automation.schedules import chain, cron_problems, schedule
from ct_assets.components.automation.source_sensor import source_sensor
from ct_assets.components.json_schema import sync_schema
from ct_assets.components.preview.plan_job import plan_job
from ct_assets.components.project.locations import Raw, checked, place, placed
from ct_assets.components.project.registry import sync_metadata
from ct_assets.components.scaffold.scaffolder import SyncScaffolder
from ct_assets.mapping import parse
from ct_assets.mapping.declaration.constant_fields import dates_as_text


class Attributes(Raw):
    described_by = staticmethod(sync_schema)


@dg.scaffold_with(SyncScaffolder)
class ClevertapSync(dg.Component):
    """Rows of one source as CleverTap profiles or events: split, checked, sent, accounted for.

    Assets: `<name>/valid`, `<name>/rejected`, `<name>/clevertap`, `<name>/undelivered`.
    """

    def __init__(self, **declaration: object) -> None:
        self.declaration = dates_as_text(declaration)
        self.sync = parse(self.declaration, cron_problems(self.declaration))

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        return Attributes

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        return checked(attributes, context, lambda declaration: cls(**declaration))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        at = place(context)
        job = chain(self.sync)
        with placed(at):
            ticking, watching = schedule(self.sync, job), source_sensor(self.sync)
            return dg.Definitions(
                assets=sync_assets(self.sync, at, sync_metadata(self.declaration, at)),
                jobs=[job, plan_job(self.sync, context.component_tree.build_defs)],
                schedules=[ticking] if ticking else [],
                sensors=[watching] if watching else [],
            )
