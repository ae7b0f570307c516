"""The loops of the kernel, in the part of Python that numba compiles.

Each runs in two ways with the same result: as it stands over memory views, and compiled over arrays (`running.run`).
So: plain indices, no helper calls, results into arrays that are handed in. Rows are numbered topologically: what flows
into row v comes from rows before it, unless a loop says otherwise. In-edges of row v are `indptr[v]:indptr[v + 1]`.
"""

from __future__ import annotations

from typing import Any

Array = Any
CORRECTED, ONWARD = 1, 2
"""Flags of a row: its in-edges, or some of its out-edges, stand in the delta."""


def group(keys: Array, indptr: Array, cursor: Array, places: Array) -> None:
    """Counting sort: `places` holds the positions in `keys` by key, those of key k from `indptr[k]` on."""
    for j in range(len(keys)):
        indptr[keys[j] + 1] += 1
    for k in range(len(cursor)):
        indptr[k + 1] += indptr[k]
        cursor[k] = indptr[k]
    for j in range(len(keys)):
        k = keys[j]
        places[cursor[k]] = j
        cursor[k] += 1


def settle(indptr: Array, targets: Array, waiting: Array, order: Array) -> int:
    """Kahn's algorithm over out-edges; `waiting` is the number of in-edges. How many rows are not in a circle.

    After each lot that begins comes everything that is complete by it: what is mixed together stands close together.
    Rows that are left have `waiting` above zero.
    """
    done = 0
    filled = 0
    for v in range(len(waiting)):
        if waiting[v] == 0:
            waiting[v] = -1
            order[filled] = v
            filled += 1
            while done < filled:
                u = order[done]
                done += 1
                for j in range(indptr[u], indptr[u + 1]):
                    t = targets[j]
                    waiting[t] -= 1
                    if waiting[t] == 0:
                        waiting[t] = -1
                        order[filled] = t
                        filled += 1
    return filled


def deepen(indptr: Array, sources: Array, depths: Array) -> None:
    """Edges on the longest way to each row."""
    for v in range(len(indptr) - 1):
        for j in range(indptr[v], indptr[v + 1]):
            found = depths[sources[j]] + 1
            if found > depths[v]:  # noqa: PLR1730
                depths[v] = found


def add_up(indptr: Array, sources: Array, weights: Array, values: Array) -> None:
    """(+, x): each row adds weight times value of what flows into it. `values[row, column]` starts with own values."""
    columns = values.shape[1]
    for v in range(len(indptr) - 1):
        for j in range(indptr[v], indptr[v + 1]):
            s = sources[j]
            w = weights[j]
            for c in range(columns):
                values[v, c] += w * values[s, c]


def blend(indptr: Array, sources: Array, weights: Array, values: Array) -> None:
    """(+, x) where only lots that begin have values of their own: what stands in the other rows is not read.

    A third faster than `add_up`, and the same to the bit where those rows hold zeros.
    """
    columns = values.shape[1]
    for v in range(len(indptr) - 1):
        first = indptr[v]
        last = indptr[v + 1]
        if last - first == 1:
            s = sources[first]
            w = weights[first]
            for c in range(columns):
                values[v, c] = w * values[s, c]
        elif last - first > 1:
            s = sources[first]
            w = weights[first]
            r = sources[first + 1]
            x = weights[first + 1]
            for c in range(columns):
                values[v, c] = w * values[s, c] + x * values[r, c]
            for j in range(first + 2, last):
                s = sources[j]
                w = weights[j]
                for c in range(columns):
                    values[v, c] += w * values[s, c]


def worst(indptr: Array, sources: Array, weights: Array, values: Array) -> None:
    """(max, x): the largest value over any single way."""
    columns = values.shape[1]
    for v in range(len(indptr) - 1):
        for j in range(indptr[v], indptr[v + 1]):
            s = sources[j]
            w = weights[j]
            for c in range(columns):
                found = w * values[s, c]
                if found > values[v, c]:  # noqa: PLR1730 - faster than max() when it runs as it stands
                    values[v, c] = found


def join(indptr: Array, sources: Array, values: Array) -> None:
    """(or, and) over 64 questions a column: bits of unsigned integers."""
    columns = values.shape[1]
    for v in range(len(indptr) - 1):
        for j in range(indptr[v], indptr[v + 1]):
            s = sources[j]
            for c in range(columns):
                values[v, c] |= values[s, c]


def give_back(indptr: Array, sources: Array, weights: Array, values: Array) -> None:
    """The adjoint of `add_up`: each row hands its value, times the weight, to what flowed into it."""
    columns = values.shape[1]
    for v in range(len(indptr) - 2, -1, -1):
        for j in range(indptr[v], indptr[v + 1]):
            s = sources[j]
            w = weights[j]
            for c in range(columns):
                values[s, c] += w * values[v, c]


def join_back(indptr: Array, sources: Array, values: Array) -> None:
    """The adjoint of `join`."""
    columns = values.shape[1]
    for v in range(len(indptr) - 2, -1, -1):
        for j in range(indptr[v], indptr[v + 1]):
            s = sources[j]
            for c in range(columns):
                values[s, c] |= values[v, c]


def reach_out(
    size: int, indptr: Array, targets: Array, flags: Array, out_rows: Array, out_ptr: Array, out_targets: Array,
    seen: Array, found: Array, filled: int,
) -> int:  # fmt: skip
    """Rows after `found[:filled]`, in no order; `seen` marks what was found. The first `size` rows are the base's.

    `out_rows`, `out_ptr`, `out_targets`: the out-edges that stand in the delta.
    """
    done = 0
    while done < filled:
        u = found[done]
        done += 1
        if u < size:
            for j in range(indptr[u], indptr[u + 1]):
                t = targets[j]
                if seen[t] == 0 and flags[t] & 1 == 0:
                    seen[t] = 1
                    found[filled] = t
                    filled += 1
        if flags[u] & 2:
            low = 0
            high = len(out_rows) - 1
            while low < high:
                middle = (low + high) // 2
                if out_rows[middle] < u:
                    low = middle + 1
                else:
                    high = middle
            for j in range(out_ptr[low], out_ptr[low + 1]):
                t = out_targets[j]
                if seen[t] == 0:
                    seen[t] = 1
                    found[filled] = t
                    filled += 1
    return filled


def reach_in(
    indptr: Array, sources: Array, flags: Array, rows: Array, ptr: Array, own: Array, seen: Array, found: Array,
    filled: int,
) -> int:  # fmt: skip
    """Rows before `found[:filled]`, in no order. `rows`, `ptr`, `own`: the in-edges that stand in the delta."""
    done = 0
    while done < filled:
        v = found[done]
        done += 1
        if flags[v] & 1:
            low = 0
            high = len(rows) - 1
            while low < high:
                middle = (low + high) // 2
                if rows[middle] < v:
                    low = middle + 1
                else:
                    high = middle
            for j in range(ptr[low], ptr[low + 1]):
                s = own[j]
                if seen[s] == 0:
                    seen[s] = 1
                    found[filled] = s
                    filled += 1
        else:
            for j in range(indptr[v], indptr[v + 1]):
                s = sources[j]
                if seen[s] == 0:
                    seen[s] = 1
                    found[filled] = s
                    filled += 1
    return filled


def gather(
    indptr: Array, sources: Array, weights: Array, flags: Array, rows: Array, ptr: Array, own: Array,
    own_weights: Array, wanted: Array, closed: Array, slots: Array, into: Array, froms: Array, shares: Array,
) -> int:  # fmt: skip
    """The in-edges of the `wanted` rows whose sources have a slot (1 on); rows that are `closed` get none.

    Writes a small graph over slots: `into` (its indptr), `froms`, `shares`. The number of its edges.
    """
    filled = 0
    for i in range(len(wanted)):
        v = wanted[i]
        if closed[i] == 0:
            if flags[v] & 1:
                low = 0
                high = len(rows) - 1
                while low < high:
                    middle = (low + high) // 2
                    if rows[middle] < v:
                        low = middle + 1
                    else:
                        high = middle
                for j in range(ptr[low], ptr[low + 1]):
                    slot = slots[own[j]]
                    if slot:
                        froms[filled] = slot - 1
                        shares[filled] = own_weights[j]
                        filled += 1
            else:
                for j in range(indptr[v], indptr[v + 1]):
                    slot = slots[sources[j]]
                    if slot:
                        froms[filled] = slot - 1
                        shares[filled] = weights[j]
                        filled += 1
        into[i + 1] = filled
    return filled


def pruned(
    size: int, indptr: Array, sources: Array, weights: Array, out_indptr: Array, targets: Array,
    cut: float, seen: Array, doses: Array, heap: Array, filled: int, found: Array,
) -> int:  # fmt: skip
    """Doses in topological order, not going on from rows below `cut`. `heap[:filled]`: starts, ascending, `seen` 2.

    A row is judged when everything that flows into it has been added up. `found` gets the rows in order; their number.
    """
    count = 0
    while filled > 0:
        v = heap[0]
        filled -= 1
        last = heap[filled]
        at = 0
        while True:  # sift the last row down from the top
            child = 2 * at + 1
            if child >= filled:
                break
            if child + 1 < filled and heap[child + 1] < heap[child]:
                child += 1
            if heap[child] >= last:
                break
            heap[at] = heap[child]
            at = child
        heap[at] = last
        if seen[v] == 1:
            total = 0.0
            for j in range(indptr[v], indptr[v + 1]):
                total += weights[j] * doses[sources[j]]
            doses[v] = total
        found[count] = v
        count += 1
        if doses[v] >= cut:
            for j in range(out_indptr[v], out_indptr[v + 1]):
                t = targets[j]
                if seen[t] == 0 and t < size:
                    seen[t] = 1
                    at = filled
                    filled += 1
                    while at > 0 and heap[(at - 1) // 2] > t:
                        heap[at] = heap[(at - 1) // 2]
                        at = (at - 1) // 2
                    heap[at] = t
    return count
