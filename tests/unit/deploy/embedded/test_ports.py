"""Ports are free when chosen, stay the same over restarts, and a taken one is named with a way out."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.ports import LOOPBACK, is_free, kept_ports
from deploy.supervise.services import PortTaken, check_ports


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_an_engine_gets_its_former_ports_back(tmp_path: Path) -> None:
    ports = kept_ports(tmp_path / "ports.json", ("clients", "controller"))

    assert len(set(ports.values())) == 2
    assert kept_ports(tmp_path / "ports.json", ("clients", "controller")) == ports


@pytest.mark.parametrize("content", ["", "{", "[]", '{"clients": "x"}'])
def test_a_broken_file_of_ports_is_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / "ports.json").write_text(content)

    assert is_free(kept_ports(tmp_path / "ports.json", ("clients",))["clients"])


def test_a_port_that_was_taken_meanwhile_is_replaced(tmp_path: Path, taken_port: int) -> None:
    (tmp_path / "ports.json").write_text(f'{{"clients": {taken_port}}}')

    assert kept_ports(tmp_path / "ports.json", ("clients",))["clients"] != taken_port


def test_a_taken_http_port_is_named_with_a_way_out(taken_port: int) -> None:
    with pytest.raises(PortTaken, match=rf"Port {taken_port} is taken.*closedloop up --port \d+"):
        check_ports(LOOPBACK, taken_port)
