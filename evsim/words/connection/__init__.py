"""What `connect()` does: which element reaches which, from conditions, chances, indices and generator texts."""
