"""A program that starts the parts and waits: `runner.py DATA [postgres|all]`. It prints one line of JSON when ready."""

import json
import signal
import sys
from pathlib import Path

from embedded.parts import Parts

if __name__ == "__main__":
    given = "redis://given" if sys.argv[2] == "postgres" else None
    with Parts.start(Path(sys.argv[1]), redis_url=given, want_elasticsearch=sys.argv[2] == "all", fast=True) as parts:
        report = {
            "postgres": parts.postgres_url,
            "redis": parts.redis_url,
            "elasticsearch": parts.elasticsearch_url,
            "missing": parts.elasticsearch_missing,
        }
        print(json.dumps(report), flush=True)
        signal.pause()
