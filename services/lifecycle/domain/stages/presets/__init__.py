"""Lifecycles that come with closedloop, as data. Adding one is a module with a PRESET and a row here."""

from services.lifecycle.domain.stages.presets import inbound, pipeline

PRESETS = {"pipeline": pipeline.PRESET, "inbound": inbound.PRESET}
