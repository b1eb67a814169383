"""Change against a person's own baseline: their days, what is usual for them, control charts, and one number that ranks."""
