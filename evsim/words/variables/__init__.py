"""The variables of a group as attributes: where values live, how they are read, written and computed from text."""
