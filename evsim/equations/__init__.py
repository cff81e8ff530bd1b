"""Text to checked equations: what they say, whether their units fit, and what kind of system they are."""
