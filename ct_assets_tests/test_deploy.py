"""The files of `docs/deploy`: what they promise of the image, and that their commands work."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
import yaml

from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets_tests.clevertap.account import own_account
from ct_assets_tests.components.dagster_dev_kit import CHAIN, EVENTS, Dev
from ct_assets_tests.components.serving import free_port, until

DEPLOY = Path(__file__).parent.parent / "docs" / "deploy"
ACCOUNT = {"CLEVERTAP_ACCOUNT_ID", "CLEVERTAP_PASSCODE", "CLEVERTAP_REGION"}
SHARED = {"CT_DATABASE_URL", "CT_STORE_URL"}
OURS = ("code", "webserver", "daemon")


def read(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


def instructions() -> Iterator[tuple[str, str]]:
    lines = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text()).splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


def environment() -> Mapping[str, str]:
    (variables,) = (rest for word, rest in instructions() if word == "ENV")
    return dict(pair.split("=", 1) for pair in variables.split())


def test_the_image_runs_without_root_and_writes_to_scratch_only() -> None:
    words = [word for word, _ in instructions()]
    last = max(at for at, word in enumerate(words) if word == "FROM")
    assert set(words) <= {
        "FROM",
        "COPY",
        "RUN",
        "ENV",
        "VOLUME",
        "USER",
        "WORKDIR",
        "EXPOSE",
        "CMD",
    }
    assert [rest for word, rest in instructions() if word == "USER"] == ["10001"]
    assert words.index("USER") > last
    images = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+", image) for image in images)
    written = {"CT_DATA_DIR", "HOME", "TMPDIR"}
    assert all(environment()[name].startswith("/scratch") for name in written)
    directories = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    for part in ("local_artifact_storage", "compute_logs"):
        assert directories[part]["config"]["base_dir"].startswith("/scratch/")


def test_secrets_and_state_do_not_go_into_the_image() -> None:
    left_out = set((DEPLOY / "Dockerfile.dockerignore").read_text().splitlines())
    assert {"**/.env", "**/.git", "data/state", "data/staging"} <= left_out


def test_modules_are_found_in_the_project_and_in_its_src() -> None:
    assert environment()["PYTHONPATH"] == "/project/src:/project"


@pytest.mark.parametrize("name", OURS)
def test_services_have_no_rights_that_they_do_not_need(name: str) -> None:
    service = read("compose.yaml")["services"][name]

    assert service["user"] == "10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "privileged" not in service
    assert [mount for mount in service["volumes"] if mount.endswith(":/scratch")]
    assert not service["image"].endswith(":latest")


def test_secrets_are_not_written_out() -> None:
    services = read("compose.yaml")["services"].values()
    for name, value in (pair for s in services for pair in s.get("environment", {}).items()):
        if re.search("PASS|ACCOUNT", name):
            assert re.fullmatch(r"\$\{\w+:\?\}", value)
        elif "://" in value:
            assert ":${POSTGRES_PASSWORD:?}@" in value


def test_the_code_server_has_all_variables() -> None:
    assert set(read("compose.yaml")["services"]["code"]["environment"]) == {
        *ACCOUNT, *SHARED, "CT_DESTINATION", "DAGSTER_PG_URL",
    }  # fmt: skip


def test_pods_of_runs_get_what_the_code_server_has() -> None:
    values = read("helm-values.yaml")
    (deployment,) = values["dagster-user-deployments"]["deployments"]
    launcher = values["runLauncher"]["config"]["k8sRunLauncher"]

    assert deployment["includeConfigInLaunchedRuns"] == {"enabled": True}
    assert deployment["envSecrets"] == [{"name": "shop"}]
    assert {v["name"] for v in deployment["env"]} == {"CT_DESTINATION", "CT_CACHE_GB"}
    run = launcher["runK8sConfig"]["containerConfig"]
    for context in (deployment["securityContext"], run["securityContext"]):
        assert context["readOnlyRootFilesystem"] is True
        assert context["runAsUser"] == 10001
        assert context["allowPrivilegeEscalation"] is False
    mounted = {mount["mountPath"] for mount in deployment["volumeMounts"]}
    assert mounted == {"/scratch", "/tmp"}
    assert launcher["runK8sConfig"]["podSpecConfig"]["terminationGracePeriodSeconds"] >= 120


def test_the_task_of_ecs_has_all_variables_and_no_secret_in_its_text() -> None:
    task = json.loads((DEPLOY / "ecs-task.json").read_text())
    (container,) = task["containerDefinitions"]

    plain = {each["name"] for each in container["environment"]}
    secrets = {each["name"] for each in container["secrets"]}
    assert plain == {"CT_DESTINATION", "CT_STORE_URL", "AWS_REGION"}
    assert secrets == {*ACCOUNT, "CT_DATABASE_URL", "DAGSTER_PG_URL"}
    assert container["readonlyRootFilesystem"] is True
    assert container["user"] == "10001"
    assert {m["containerPath"] for m in container["mountPoints"]} == {"/scratch", "/tmp"}
    assert {m["sourceVolume"] for m in container["mountPoints"]} == {
        volume["name"] for volume in task["volumes"]
    }


def test_all_start_the_code_server_in_the_same_way() -> None:
    (command,) = (json.loads(rest) for word, rest in instructions() if word == "CMD")
    (task,) = json.loads((DEPLOY / "ecs-task.json").read_text())["containerDefinitions"]

    assert read("compose.yaml")["services"]["code"]["command"] == command == task["command"]
    assert str(read("workspace.yaml")["load_from"][0]["grpc_server"]["port"]) in command


@pytest.mark.services
def test_the_commands_of_the_compose_file_run_a_sync(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As processes, each with its own scratch, which is lost between two runs."""
    monkeypatch.delenv("CT_DATA_DIR", raising=False)
    project = shop(tmp_path / "project")
    (tmp_path / "clevertap").mkdir()
    with served(tmp_path / "clevertap", own_account()) as sandbox, contextlib.ExitStack() as stack:
        host = Host(tmp_path, database, sandbox)
        for name in OURS:
            stack.enter_context(host.started(name))
        dev = Dev(f"http://127.0.0.1:{host.ports['3000']}")
        until(lambda: host.answers() and host.is_loaded(dev))

        assert dev.ended(dev.launch(*CHAIN)) == "SUCCESS"
        first = len(sandbox.requests())
        assert {event.props["Page"] for event in sandbox.events()} == {"/a", "/b"}
        shutil.rmtree(tmp_path / "code" / "data")
        assert dev.ended(dev.launch(*CHAIN)) == "SUCCESS"

        assert len(sandbox.requests()) == first
        assert host.is_healthy()
        assert {path.name for path in project.iterdir()} == {"pyproject.toml", "shop", "visit.csv"}


def shop(root: Path) -> Path:
    files = {
        "pyproject.toml": '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\n'
        'root_module = "shop"\n',
        "visit.csv": "id,person,page,at\n1,p1,/a,1700000001\n2,p2,/b,1700000002\n",
        "shop/__init__.py": "",
        "shop/definitions.py": "from pathlib import Path\nimport ct_assets\n"
        "defs = ct_assets.definitions(Path(__file__).parent)\n",
        "shop/defs/__init__.py": "",
        "shop/defs/visits/defs.yaml": EVENTS,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


class Host:
    """Runs services of the compose file as processes, with folders in place of its volumes."""

    def __init__(self, root: Path, database: str, sandbox: SandboxInTest) -> None:
        self.root, self.database, self.sandbox = root, database, sandbox
        self.ports = {port: str(free_port()) for port in ("3000", "4000")}
        (root / "home").mkdir()
        settings = read("dagster.yaml")
        del settings["storage"]  # Dagster's own; here it is SQLite in its home
        (root / "home" / "dagster.yaml").write_text(self._here(yaml.safe_dump(settings), "home"))
        workspace = read("workspace.yaml")
        workspace["load_from"][0]["grpc_server"] |= {
            "host": "127.0.0.1",
            "port": int(self.ports["4000"]),
        }
        (root / "home" / "workspace.yaml").write_text(yaml.safe_dump(workspace))
        with dg.DagsterInstance.from_config(str(root / "home")):
            pass  # makes its databases

    @contextlib.contextmanager
    def started(self, name: str) -> Iterator[None]:
        command = [
            self._here(word, name) for word in read("compose.yaml")["services"][name]["command"]
        ]
        (self.root / name).mkdir()
        with (self.root / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=self.root / "project", env=self.environment(name), stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(60)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def environment(self, name: str) -> Mapping[str, str]:
        declared = {**environment(), **read("compose.yaml")["services"][name]["environment"]}
        here = {key: self._here(value, name) for key, value in declared.items()}
        del here["XDG_CACHE_HOME"]
        here["PATH"] = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        here["PYTHONPATH"] = os.pathsep.join(
            [str(self.root / "project"), os.environ.get("PYTHONPATH", "")]
        )
        if name == "code":
            del here["CLEVERTAP_REGION"]
            here |= {
                "CT_DATABASE_URL": self.database,
                "CLEVERTAP_API_URL": self.sandbox.url,
                "CLEVERTAP_ACCOUNT_ID": self.sandbox.account_id,
                "CLEVERTAP_PASSCODE": self.sandbox.passcode,
            }
        return here

    def answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            url = f"http://127.0.0.1:{self.ports['3000']}/server_info"
            return httpx.get(url).status_code == 200
        return False

    def is_loaded(self, dev: Dev) -> bool:
        query = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"
        return bool(dev.ask(query).get("nodes"))

    def is_healthy(self) -> bool:
        _, *command = read("compose.yaml")["services"]["code"]["healthcheck"]["test"]
        here = [self._here(word, "code") for word in command]
        return subprocess.run(here, env=self.environment("code"), check=False).returncode == 0

    def _here(self, text: str, name: str) -> str:
        folders = {"/scratch": name, "/store": "store", "/project": "project", "/dagster": "home"}
        for there, folder in folders.items():
            text = re.sub(rf"(?<![\w/]){there}\b", str(self.root / folder), text)
        return self.ports.get(text, text.replace("0.0.0.0", "127.0.0.1"))
