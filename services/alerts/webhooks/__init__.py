"""HTTP out: what is owed is sent, signed, until it is answered with a 2xx; and the timers, by the same process."""
