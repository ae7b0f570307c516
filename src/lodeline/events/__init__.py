"""What happened to things: EPCIS 2.0 documents and statements of parties, parsed and checked."""
