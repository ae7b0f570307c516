"""Runs in an environment of its own: what the reference implementation on PyPI makes of files, and how fast.

    python hash_reference.py FILE... < nothing > JSON lines

A line per file: name, CPU seconds, and the strings that are hashed, or the error.
"""

from __future__ import annotations

import json
import logging
import sys
import time


def main() -> None:
    logging.disable(logging.CRITICAL)
    from epcis_event_hash_generator import events_from_file_reader, hash_generator, json_to_py

    for name in sys.argv[1:]:
        json_to_py._namespaces.clear()  # noqa: SLF001 - it keeps the prefixes of the file before
        begun = time.process_time()
        try:
            events = events_from_file_reader.event_list_from_file(name)
            strings = hash_generator.derive_prehashes_from_events(events)
            hashes = hash_generator.calculate_hashes_from_pre_hashes(strings)
            said = {"strings": strings, "hashes": hashes}
        except Exception as error:  # noqa: BLE001 - its refusals are results, too
            said = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps({"file": name, "seconds": time.process_time() - begun, **said}))


if __name__ == "__main__":
    main()
