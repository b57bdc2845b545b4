"""The third set: recorded after the rules had met the second one, with faults and mixtures of its own.

Its scenarios run only when asked for (`--set third`).
"""

from __future__ import annotations

import third_nginx  # noqa: F401  (registers its scenarios; so does the next)
import third_others  # noqa: F401
