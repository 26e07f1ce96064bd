"""The files of `docs/deploy`: what they promise of the image, and that their commands work."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

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
