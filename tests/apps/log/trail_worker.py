"""A process that writes to the audit trail of its data folder from 32 threads. Started by test_audit_threads.py.

`python -m tests.apps.log.trail_worker threads|hold|leave`: threads writes and sequences and prints how many lines there
must be; hold keeps reads in memory and waits to be killed; leave keeps reads in memory and ends.
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from lodeline_server.kit import setup

WRITERS, EACH = 32, 25


def actor(number):
    from lodeline.access import Actor, Role

    return Actor(
        kind="person", id=f"user:{number}", workspace=1 + number % 3, organisation=1, role=Role.BUYER
    )


def write(name):
    from django.db import connections, transaction

    from lodeline_server.kit import audit
    from lodeline_server.kit.audit import Kind
    from lodeline_server.kit.clock import now

    try:
        for number in range(EACH):
            with transaction.atomic():
                line = {"n": name * 100 + number}
                audit.record(Kind.CHANGE, "did", actor=actor(name), objects=line, now=now())
                if number % 5 == 4:
                    transaction.set_rollback(True)
            audit.note(audit.event(Kind.READ, "read", actor=actor(name), now=now()))
    finally:
        connections.close_all()


def move(done):
    from django.db import connections

    from lodeline_server.kit.clock import now
    from lodeline_server.log.auditing.sequencer import sequence

    try:
        while not done.is_set():
            sequence(now())
            time.sleep(0.01)
    finally:
        connections.close_all()


def main(word):
    setup.django()
    if word == "threads":
        done = threading.Event()
        with ThreadPoolExecutor(WRITERS + 2) as pool:
            movers = [pool.submit(move, done) for _ in range(2)]
            list(pool.map(write, range(1, WRITERS + 1)))
            done.set()
            for one in movers:
                one.result()
        return
    from lodeline_server.kit import audit
    from lodeline_server.kit.audit import Kind
    from lodeline_server.kit.clock import now

    audit.record(Kind.CHANGE, "kept", actor=actor(1), now=now())
    for _ in range(10):
        audit.note(audit.event(Kind.READ, "held", actor=actor(1), now=now()))
    print("ready", flush=True)
    if word == "hold":
        time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1])
