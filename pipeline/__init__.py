"""The judgement: values, rules and the Protocols they need. Imports nothing of ours."""
