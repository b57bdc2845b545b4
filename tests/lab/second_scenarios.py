"""The second set: what the finished rules had not seen, with other paths, addresses, rates, timeouts, mixes, layouts.

Its scenarios run only when asked for (`--set second`). Recorded once, they are a score that no rule was fitted to.
"""

from __future__ import annotations

import second_apache  # noqa: F401  (registers its scenarios; so do the next)
import second_apps  # noqa: F401
import second_haproxy  # noqa: F401
import second_nginx  # noqa: F401
import second_nginx_faults  # noqa: F401
import second_nginx_mixed  # noqa: F401
import second_tiers  # noqa: F401
