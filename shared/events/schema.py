"""The published JSON Schema of every event; `make schemas` writes docs/schemas anew."""

import msgspec

from shared.events import TYPES


def _anything(_: type) -> dict[str, object]:
    """`object` means any JSON value."""
    return {"description": "any JSON value"}


def schemas() -> dict[str, str]:
    """File name -> JSON Schema (draft 2020-12) text of each event type."""
    result = {}
    for event in TYPES:
        (schema,), parts = msgspec.json.schema_components(
            [event.struct], schema_hook=_anything, ref_template="#/$defs/{name}"
        )
        document = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": event.name,
            "x-topic": event.topic,
            **schema,
            "$defs": parts,
        }
        text = msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2).decode()
        result[f"{event.name}.json"] = text + "\n"
    return result
