"""Pages for people, one file each."""
