"""Read models: the fold of the members, and every table of alerts with the calls that read and write it."""
