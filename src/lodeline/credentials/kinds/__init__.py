"""What we issue: values in, an unsigned credential of data model 2.0 out, in a version of the UNTP vocabulary.

`build(values, version)` is the whole door. Each kind of values is one class of `values`; each version is one module
that says how it writes them, and one context of ours that maps its words to the vocabulary's own addresses.
"""

from lodeline.credentials.kinds.making import KINDS, VERSIONS, build
from lodeline.credentials.kinds.terms import DOCUMENTS, FILES

__all__ = ["DOCUMENTS", "FILES", "KINDS", "VERSIONS", "build"]
