"""How hard the properties look: quickly at every commit, thoroughly on request.

HYPOTHESIS_PROFILE=thorough make check
"""

import os

from hypothesis import settings

settings.register_profile("quick", max_examples=30, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
