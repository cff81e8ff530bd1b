"""The command `evsim`, and what its commands show."""
