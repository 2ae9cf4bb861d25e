"""The dashboard and its API. Reads what is stored; loads no model and no decoder."""
