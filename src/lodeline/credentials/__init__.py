"""Identity and credentials: DIDs, verifiable credentials, how they are signed, hidden in part and proven."""
