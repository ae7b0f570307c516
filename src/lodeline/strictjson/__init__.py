"""The one parser for anything that is hashed, signed or logged, and canonical bytes (RFC 8785, JCS).

RFC 8259 leaves open what a parser does with duplicate keys, byte order marks, huge integers or lone
surrogates; two readers may then see two documents in the same bytes. This parser refuses all of them and
never repairs. Limits on size, nesting and number of values are checked on the bytes, before any object is
built, so time and memory are bounded by the input's size. Short input that comes back byte for byte when it is
written out again has one reading only, and is taken as it is.

`orjson` does the parsing. It keeps the last of two equal keys and turns integers beyond 64 bits into
doubles; both are found by comparing the parsed value with a count over the bytes outside strings.
"""

from lodeline.strictjson.canonical import canonical, canonical_and_same, canonical_with
from lodeline.strictjson.limits import (
    JSON,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_INTEGER,
    MAX_NUMBER,
    MAX_VALUES,
    StrictJSONError,
    pointer,
)
from lodeline.strictjson.places import repeats
from lodeline.strictjson.reading import loads

__all__ = [
    "JSON",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_INTEGER",
    "MAX_NUMBER",
    "MAX_VALUES",
    "StrictJSONError",
    "canonical",
    "canonical_and_same",
    "canonical_with",
    "loads",
    "pointer",
    "repeats",
]
