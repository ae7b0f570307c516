"""A process of its own that appends and follows: `python worker.py NAME ROUNDS CRASH_EVERY`.

Says each statement that was acknowledged, as a line of position and leaf hash.
"""

from __future__ import annotations

import sys


def main(name: str, rounds: int, crash_every: int) -> None:
    from lodeline_server.kit import setup

    setup.django()
    from django.db import transaction
    from tests.apps.log.saying import NOON, Seen, said

    from lodeline.access import platform
    from lodeline_server.log import projections
    from lodeline_server.log.actions import append

    projections._registered.clear()
    projections.register(Seen("seen"))
    print("ready", flush=True)
    for number in range(rounds):
        new = said(*range(number * 5, number * 5 + 5))
        crash = crash_every and number % crash_every == 0
        try:
            with transaction.atomic():
                done = append(actor=platform(), workspace=int(name), statements=new, now=NOON)
                done = 1 / 0 if crash else done  # rolls back
        except ZeroDivisionError:
            continue
        for one in done:
            print(one.position, one.leaf_hash.hex(), flush=True)
        projections.follow_all(batch=7)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
