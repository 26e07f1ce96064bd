"""Sets what this deployment has otherwise than the defaults of `ct_assets.definitions`."""

import dagster as dg

import ct_assets


@dg.definitions
def defs() -> dg.Definitions:
    return dg.Definitions(
        # CSV files that become the tables of the example's warehouse.
        resources={"ct_warehouse": ct_assets.WarehouseResource(seed="data/chinook")},
        # Beyond these, CT_ALERTS_URL is told.
        sensors=ct_assets.alert_sensors(
            ct_assets.Budgets(rejected_share=0.05, refused_share=0.01, unknown=0, parked=0)
        ),
    )
