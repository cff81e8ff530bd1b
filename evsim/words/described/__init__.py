"""The user's objects, described as the plain data that engines run: names found, units checked."""
