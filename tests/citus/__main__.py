from __future__ import annotations

import os
import subprocess
import sys

from tests.citus.cluster import Machines

machines = Machines(stock="--stock" in sys.argv)
try:
    url = machines.start().url
    command = [word for word in sys.argv[1:] if word != "--stock"]
    sys.exit(subprocess.call(command, env={**os.environ, "CITUS_URL": url}))
finally:
    machines.remove()
