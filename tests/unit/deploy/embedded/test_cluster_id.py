"""The id that Kafka's storage is formatted with."""

import uuid
from base64 import urlsafe_b64decode

from deploy.embedded.kafka import cluster_id


def test_no_cluster_id_looks_like_an_option_and_each_is_sixteen_bytes() -> None:
    """One of 64 random ids begins with a dash, which Kafka's tool takes for an option."""
    made = [cluster_id(uuid.UUID(bytes=bytes([first]) + bytes(range(15)))) for first in range(256)]
    assert not [written for written in made if written.startswith("-")]
    assert all(len(urlsafe_b64decode(f"{written}==")) == 16 for written in made)
