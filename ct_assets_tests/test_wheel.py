"""The wheel in somebody else's project: theirs are the declarations, ours is the rest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ct_assets.sandbox.testing import SandboxInTest

REPOSITORY = Path(__file__).parent.parent
PYPROJECT = """\
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "shop"
"""
DEFINITIONS = """\
from pathlib import Path

import dagster as dg
from ct_assets.io_managers.clevertap_io_manager import ClevertapIOManager
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.warehouse_resource import WarehouseResource

staging = ParquetStaging()
defs = dg.Definitions.merge(
    dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
    dg.Definitions(
        resources={
            "ct_staging": staging,
            "ct_warehouse": WarehouseResource(),
            "clevertap": ClevertapIOManager(staging=staging),
        }
    ),
)
"""
DECLARATIONS = """\
type: ct_assets.components.SourceTable
attributes: {asset: shop/customer, file: customer.csv}
---
type: ct_assets.components.ClevertapSync
attributes:
  name: customers
  object: profile
  source: shop/customer
  identify_by: [{identity: id}]
  fields: {Name: name, Phone: {column: phone, region: {column: country}}}
"""
RUN = """\
import ct_assets, shop.definitions, sys
job = shop.definitions.defs.resolve_implicit_global_asset_job_def()
print(ct_assets.__file__)
sys.exit(not job.execute_in_process(raise_on_error=False).success)
"""


def run(*command: str, cwd: Path, **environ: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    run(*build, cwd=REPOSITORY)
    wheel = next(tmp_path.glob("*.whl"))
    target = tmp_path / "site"
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--target", str(target), str(wheel), cwd=tmp_path)
    return target


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "pyproject.toml": PYPROJECT,
        "customer.csv": "id,name,phone,country\n1,Ada,020 7946 0018,United Kingdom\n",
        "shop/__init__.py": "",
        "shop/definitions.py": DEFINITIONS,
        "shop/defs/__init__.py": "",
        "shop/defs/customers/defs.yaml": DECLARATIONS,
    }
    for name, text in files.items():
        path = tmp_path / "theirs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "theirs"


@pytest.mark.slow
def test_the_wheel_in_another_project(
    installed: Path, project: Path, clevertap_sandbox: SandboxInTest
) -> None:
    told = run(
        *(sys.executable, "-c", RUN),
        cwd=project,
        PYTHONPATH=f"{installed}{os.pathsep}{project}",
        CT_DATA_DIR=str(project / "data"),
        CLEVERTAP_API_URL=clevertap_sandbox.url,
        CLEVERTAP_ACCOUNT_ID=clevertap_sandbox.account_id,
        CLEVERTAP_PASSCODE=clevertap_sandbox.passcode,
    )

    assert Path(told.strip()).is_relative_to(installed)
    assert [profile.props["Phone"] for profile in clevertap_sandbox.profiles()] == [442079460018]


@pytest.mark.slow
def test_the_wheel_has_every_file_of_the_package(installed: Path) -> None:
    package = REPOSITORY / "ct_assets"
    files = (p.relative_to(package) for p in package.rglob("*") if p.is_file())
    wanted = {f for f in files if "__pycache__" not in f.parts}

    assert {f for f in wanted if not (installed / "ct_assets" / f).is_file()} == set()
