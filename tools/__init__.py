"""Commands for those who work on evsim itself."""
