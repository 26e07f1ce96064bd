"""Keeps CleverTap in step with a data warehouse, as assets of Dagster.

A project of one's own needs one call, in its `definitions.py`:

    from pathlib import Path

    import ct_assets

    defs = ct_assets.definitions(Path(__file__).parent)

and declarations in its `defs` folder, as YAML (`type: ct_assets.ClevertapSync`) or in Python.

The names in `__all__` are the public API; modules below this one may move in any release. Each
name is loaded when it is first used, so that `import ct_assets` costs next to nothing.
"""

import importlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ct_assets.components.alerts.alert_sensors import alert_sensors
    from ct_assets.components.alerts.budgets import Budgets
    from ct_assets.components.alerts.mail import Mail
    from ct_assets.components.alerts.pager import Pager
    from ct_assets.components.alerts.webhook import Webhook
    from ct_assets.components.clevertap_sync import ClevertapSync
    from ct_assets.components.connection import Connection
    from ct_assets.components.project_defaults import resources
    from ct_assets.components.source_table import SourceTable
    from ct_assets.definitions import definitions
    from ct_assets.io_managers.clevertap_io_manager import ClevertapIOManager
    from ct_assets.io_managers.parquet_io_manager import ParquetStaging
    from ct_assets.io_managers.resources.clevertap_account import ClevertapAccount
    from ct_assets.io_managers.resources.shared_store import SharedStore
    from ct_assets.io_managers.resources.warehouse_resource import WarehouseResource
    from ct_assets.sandbox import testing

__version__ = "0.1.0"
__all__ = [
    "Budgets",
    "ClevertapAccount",
    "ClevertapIOManager",
    "ClevertapSync",
    "Connection",
    "Mail",
    "Pager",
    "ParquetStaging",
    "SharedStore",
    "SourceTable",
    "WarehouseResource",
    "Webhook",
    "__version__",
    "alert_sensors",
    "definitions",
    "resources",
    "testing",
]

# For memory that does not grow with the rows. By default polars reads 16 row groups or more ahead,
# and passes several on between its steps, where one is faster: it is still in the processor's
# cache. Its allocator keeps what was freed while the database takes its turn.
# Whoever sets these keeps their own; the last counts only before polars is first imported.
os.environ.setdefault("POLARS_ROW_GROUP_PREFETCH_SIZE", "1")
os.environ.setdefault("POLARS_DEFAULT_DISTRIBUTOR_BUFFER_SIZE", "1")
os.environ.setdefault("POLARS_DEFAULT_LINEARIZER_BUFFER_SIZE", "1")
os.environ.setdefault("_RJEM_MALLOC_CONF", "background_thread:true,muzzy_decay_ms:0")

_MODULES = {
    "Budgets": "ct_assets.components.alerts.budgets",
    "ClevertapAccount": "ct_assets.io_managers.resources.clevertap_account",
    "ClevertapIOManager": "ct_assets.io_managers.clevertap_io_manager",
    "ClevertapSync": "ct_assets.components.clevertap_sync",
    "Connection": "ct_assets.components.connection",
    "Mail": "ct_assets.components.alerts.mail",
    "Pager": "ct_assets.components.alerts.pager",
    "ParquetStaging": "ct_assets.io_managers.parquet_io_manager",
    "SharedStore": "ct_assets.io_managers.resources.shared_store",
    "SourceTable": "ct_assets.components.source_table",
    "WarehouseResource": "ct_assets.io_managers.resources.warehouse_resource",
    "Webhook": "ct_assets.components.alerts.webhook",
    "alert_sensors": "ct_assets.components.alerts.alert_sensors",
    "definitions": "ct_assets.definitions",
    "resources": "ct_assets.components.project_defaults",
    "testing": "ct_assets.sandbox.testing",
}
"""Where each name is."""

_THEMSELVES = ("definitions", "testing")
"""Names that mean the module itself."""

if not TYPE_CHECKING:  # to type checkers every name would seem to exist

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = importlib.import_module(_MODULES[name])
        return module if name in _THEMSELVES else getattr(module, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
