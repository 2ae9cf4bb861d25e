"""Which vehicle stands where: a memory of places that outlives tracker ids and restarts."""
