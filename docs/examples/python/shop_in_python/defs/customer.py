import dagster as dg

import ct_assets


@dg.component_instance
def customer(_: dg.ComponentLoadContext) -> ct_assets.SourceTable:
    return ct_assets.SourceTable(asset="shop/customer", file="customer.csv")
