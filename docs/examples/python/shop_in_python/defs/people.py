import dagster as dg

import ct_assets


@dg.component_instance
def people(_: dg.ComponentLoadContext) -> ct_assets.ClevertapSync:
    return ct_assets.ClevertapSync(
        name="people",
        object="profile",
        source="shop/customer",
        identify_by=[{"identity": "id"}],
        fields={
            "Name": "name",
            "Email": "email",
            "Phone": {"column": "phone", "region": {"column": "country"}},
            "Plan": {"column": "plan", "on_null": "clear"},
        },
        max_rejected=0.5,
        trigger={"cron": "0 6 * * *", "timezone": "Europe/Rome"},
    )
