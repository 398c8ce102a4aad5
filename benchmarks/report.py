"""Numbers of one run, on the screen and as JSON in benchmarks/results/."""

import json
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Return median and 95th percentile in milliseconds, and how many there were."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return {
        "median_ms": round(statistics.median(ordered) * 1000, 2),
        "p95_ms": round(p95 * 1000, 2),
        "rounds": len(ordered),
    }


def write(name: str, results: dict[str, object]) -> Path:
    """Write the results of a benchmark and return the file."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    about = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    path.write_text(json.dumps({**about, **results}, indent=1) + "\n", encoding="utf-8")
    return path
