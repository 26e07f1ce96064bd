"""A project of dbt on a real Postgres, whose models are built and synced in one run of Dagster.

dbt has a folder of its own from PyPI, since its pathspec is older than the one of our tools.
"""

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sources.connections.postgres_server import PASSWORD, USER, PostgresServer

pytestmark = pytest.mark.services  # installs dbt, and each process imports Dagster for seconds
# dbt-core 1.12 fetches a program from GitHub while it installs.
DBT = ["dagster-dbt>=0.29,<0.30", "dbt-core>=1.11,<1.12", "dbt-postgres>=1.10,<2"]
RAW = "create schema raw; create table raw.person (id int, name text, mail text)"
PEOPLE = "insert into raw.person values (1, 'Ada', 'ada@example.org'), (2, 'Bob', null)"
FILES = {
    "dbt/dbt_project.yml": """\
        name: shop
        profile: shop
        models: {shop: {+materialized: table}}
        """,
    "dbt/profiles.yml": f"""\
        shop:
          target: production
          outputs:
            production:
              type: postgres
              host: 127.0.0.1
              port: "{{{{ env_var('SHOP_PORT') | int }}}}"
              user: {USER}
              password: "{{{{ env_var('SHOP_PASSWORD') }}}}"
              dbname: shop
              schema: marts
              threads: 1
        """,
    "dbt/models/customer.sql": "select id, initcap(name) as name, mail from raw.person",
    "dbt/models/customer.yml": """\
        models:
          - name: customer
            columns: [{name: id, data_tests: [unique, not_null]}]
        """,
    "company/__init__.py": "",
    "company/definitions.py": """\
        from pathlib import Path

        import dagster as dg
        from dagster_dbt import DbtCliResource, DbtProject, dbt_assets

        import ct_assets

        project = DbtProject(Path(__file__).parent.with_name("dbt"))
        project.preparer.prepare(project)


        @dbt_assets(manifest=project.manifest_path)
        def shop(context: dg.AssetExecutionContext, dbt: DbtCliResource):
            yield from dbt.cli(["build"], context=context).stream()


        defs = ct_assets.definitions(
            Path(__file__).parent,
            own=dg.Definitions(assets=[shop], resources={"dbt": DbtCliResource(project)}),
        )
        """,
    "company/defs/customers/defs.yaml": """\
        type: ct_assets.components.Connection
        attributes: {name: shop, url: "{{ env.SHOP_URL }}"}
        ---
        type: ct_assets.components.ClevertapSync
        attributes:
          name: customers
          object: profile
          source: customer
          upstream: direct
          identify_by: [{identity: id}]
          fields: {Name: name, Email: mail}
        """,
}


@dataclass(frozen=True)
class DbtShop:
    root: Path
    python: Path
    env: Mapping[str, str]

    def sync(self) -> "subprocess.CompletedProcess[str]":
        """Builds the models and sends the people in one run, as a person would."""
        program = "from ct_assets.cli import main; main()"
        command = [str(self.python), "-c", program, "--module", "company.definitions"]
        return subprocess.run(
            [*command, "run", "customers"],
            cwd=self.root, env=self.env, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip


@pytest.fixture(scope="module")
def python_with_dbt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has what ours has, and dbt."""
    folder = tmp_path_factory.mktemp("dbt")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    ours = {str(Path(path)) for path in sys.path if "site-packages" in path}
    (site,) = folder.glob("lib/*/site-packages")
    project = Path(__file__).parents[3]
    (site / "ours.pth").write_text("\n".join([*sorted(ours), str(project)]))
    install = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *DBT]
    subprocess.run(install, check=True, timeout=600)
    return python


@pytest.fixture
def shop(
    tmp_path: Path,
    postgres: PostgresServer,
    python_with_dbt: Path,
    clevertap_sandbox: SandboxInTest,
) -> DbtShop:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text))
    postgres.run("drop database if exists shop", "create database shop")
    postgres.run(*RAW.split("; "), PEOPLE, database="shop")
    env = {
        **os.environ,
        "PATH": os.pathsep.join([str(python_with_dbt.parent), os.environ["PATH"]]),
        "DAGSTER_HOME": str(tmp_path / "home"),
        "CT_DATA_DIR": str(tmp_path / "data"),
        "SHOP_PORT": str(postgres.port),
        "SHOP_PASSWORD": PASSWORD,
        "SHOP_URL": postgres.url(database="shop"),
        "CLEVERTAP_API_URL": clevertap_sandbox.url,
        "CLEVERTAP_ACCOUNT_ID": clevertap_sandbox.account_id,
        "CLEVERTAP_PASSCODE": clevertap_sandbox.passcode,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    (tmp_path / "home").mkdir()
    return DbtShop(tmp_path, python_with_dbt, env)


def test_a_model_is_built_and_synced_in_one_run(
    shop: DbtShop, clevertap_sandbox: SandboxInTest
) -> None:
    with duckdb.connect(str(shop.root / "warehouse.duckdb")) as stale:
        stale.execute("create schema marts; create table marts.customer as select 99 as id")

    done = shop.sync()

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert people(clevertap_sandbox) == {
        "1": {"Name": "Ada", "Email": "ada@example.org"},
        "2": {"Name": "Bob"},
    }


def test_a_test_of_dbt_that_fails_stops_the_sync(
    shop: DbtShop, postgres: PostgresServer, clevertap_sandbox: SandboxInTest
) -> None:
    postgres.run("insert into raw.person values (1, 'Ada again', null)", database="shop")

    done = shop.sync()

    assert done.returncode == 1
    assert people(clevertap_sandbox) == {}
    assert "unique_customer_id" in done.stdout + done.stderr


def people(sandbox: SandboxInTest) -> dict[str | None, dict[str, Json]]:
    return {profile.identity: profile.props for profile in sandbox.profiles()}
