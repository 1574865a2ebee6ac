"""Free loopback ports, kept in the data folder so that an engine has the same address at its next start."""

import contextlib
import random
import socket
from pathlib import Path

import msgspec

LOOPBACK = "127.0.0.1"
# Below the range that systems give to outgoing connections (32768 up on Linux, 49152 up elsewhere): while an engine
# restarts, a client that keeps trying to reach it could otherwise be given its very port.
_CANDIDATES = range(20_000, 32_000)


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on this TCP port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT is not in use
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def kept_ports(file: Path, names: tuple[str, ...]) -> dict[str, int]:
    """A free port for each name: as in `file` where it is still free, else a new one, which `file` then keeps."""
    ports: dict[str, int] = {}
    with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
        ports = msgspec.json.decode(file.read_bytes(), type=dict[str, int])
    for name in names:
        if name not in ports or not is_free(ports[name]):
            ports[name] = _free_port(taken=set(ports.values()))
    file.write_bytes(msgspec.json.encode(ports))
    return ports


def _free_port(taken: set[int]) -> int:
    candidates = list(_CANDIDATES)
    random.shuffle(candidates)  # several data folders that start at once should not race for the same ones
    return next(port for port in candidates if port not in taken and is_free(port))
