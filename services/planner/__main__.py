"""Make a map file from a seats file: `python -m services.planner --seats IN.csv --out OUT.csv`."""

import argparse
import json
import sys
from pathlib import Path

from services.planner.adapters.csv_files import UnreadableSeatsError, map_text, read_seats
from services.planner.domain.model import ImpossiblePlanError
from services.planner.domain.planning import plan


def main() -> int:
    """Write the map and say on standard output, as one JSON object, what it holds."""
    parser = argparse.ArgumentParser(prog="python -m services.planner", description=__doc__)
    parser.add_argument("--seats", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--centres", type=int, default=225)
    parser.add_argument("--callers", type=int, default=20_000)
    parser.add_argument("--partitions", type=int, default=2)
    wish = parser.parse_args()
    try:
        rows = plan(
            read_seats(wish.seats),
            centres=wish.centres,
            callers=wish.callers,
            partitions=wish.partitions,
        )
        wish.out.parent.mkdir(parents=True, exist_ok=True)
        wish.out.write_text(map_text(rows), encoding="utf-8")
    except (UnreadableSeatsError, ImpossiblePlanError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    made = {
        "ok": True,
        "bars_missed": [],
        "seats": len(rows),
        "centres": len({row.centre_id for row in rows}),
        "callers": sum(row.callers for row in rows),
    }
    print(json.dumps(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
