"""How many questions a second the simulator answers, on one core.

A question is: may this class of service dial this number now? Of random numbers, in a site of 500
routes and 10 classes of service. Making the simulator of what is stored is measured apart.
"""

from __future__ import annotations

import argparse
import statistics
import time
from datetime import datetime
from datetime import time as clock
from random import Random

from benchmarks import report
from dialplan.class_of_service import DAYS, ClassOfService, Hours
from dialplan.pattern import parse_pattern
from dialplan.route import Route
from dialplan.simulator import Ruling, Simulator

NEEDED = 10_000
SEED = 7
AT = datetime(2026, 3, 4, 12)


def a_pattern(chance: Random) -> str:
    """Return a prefix such as carriers have, sometimes with places that are not fixed."""
    prefix = chance.choice(("0", "00", "+", "1", "9", "*")) + str(chance.randrange(1, 100_000))
    open_places = "".join(chance.choices(("X", "Z", "N", "[1-5]"), k=chance.randrange(4)))
    return prefix + open_places + chance.choice((".", ".", "!", ""))


def a_number(chance: Random) -> str:
    """Return what somebody may dial."""
    start = chance.choice(("0", "00", "+", "1", "9", "*", ""))
    return start + str(chance.randrange(10 ** chance.randrange(3, 13)))


def a_site(chance: Random, routes: int, classes: int) -> Simulator:
    """Return the simulator of a site."""
    general = ["_0.", "_00.", "_0900.", "_NXXXXX"]
    patterns = [*general, *(a_pattern(chance) for _ in range(routes - len(general)))]
    every = [
        Route(f"route-{place}", parse_pattern(text), 1, "49", ("a", "b"))
        for place, text in enumerate(patterns)
    ]
    every.append(Route("emergency", parse_pattern("112"), 0, "", ("a",), emergency=True))
    named = {
        f"class-{place}": ClassOfService(
            f"class-{place}",
            frozenset(route.name for route in chance.sample(every, len(every) // 2)),
            Hours(DAYS[:5], clock(8), clock(18)) if place % 2 else None,
        )
        for place in range(classes)
    }
    extensions = {str(number) for number in range(1000, 2000)}
    return Simulator(named, every, extensions.__contains__)


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--routes", type=int, default=500)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--questions", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    chance = Random(SEED)  # noqa: S311 - the same questions in every run
    started = time.perf_counter()
    simulator = a_site(chance, options.routes, options.classes)
    names = [f"class-{place}" for place in range(options.classes)]
    for name in names:
        simulator.ask(name, "1", AT)
    made = time.perf_counter() - started
    questions = [(chance.choice(names), a_number(chance)) for _ in range(options.questions)]
    rounds = []
    for _ in range(options.rounds):
        started = time.perf_counter()
        rulings = [simulator.ask(name, number, AT).ruling for name, number in questions]
        rounds.append(time.perf_counter() - started)
    results: dict[str, object] = {
        "routes": options.routes,
        "classes": options.classes,
        "questions": options.questions,
        "made_ms": round(made * 1000, 1),
        "round": report.summary(rounds),
        "answers": {ruling.value: rulings.count(ruling) for ruling in Ruling},
        "questions_per_second": round(options.questions / statistics.median(rounds)),
    }
    for what, value in results.items():
        print(f"{what:<24} {value}")
    print(f"written to {report.write('simulator', results)} (must be more than {NEEDED:,}/s)")


if __name__ == "__main__":
    main()
