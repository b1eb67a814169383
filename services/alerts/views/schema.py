"""The tables of alerts beside its events and views. Due times come from the injected clock, never from the database's."""

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS supporters (id uuid PRIMARY KEY, member uuid NOT NULL UNIQUE, languages text[] NOT NULL,"
    " skills text[] NOT NULL, weekly_hours double precision)",
    "CREATE TABLE IF NOT EXISTS endpoints (id uuid PRIMARY KEY, supporter uuid NOT NULL REFERENCES supporters,"
    " url bytea NOT NULL, secret bytea NOT NULL, signing_key bytea NOT NULL, active boolean NOT NULL DEFAULT true)",
    "CREATE INDEX IF NOT EXISTS endpoints_supporter ON endpoints (supporter)",
    "CREATE TABLE IF NOT EXISTS alerts (id uuid PRIMARY KEY, member uuid NOT NULL, reporters uuid[] NOT NULL DEFAULT '{}',"
    " tier text NOT NULL, state text NOT NULL, points double precision NOT NULL, raised_at timestamptz NOT NULL)",
    # a store from before; of what was raised then the list doesn't know who reported it
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'alerts'::regclass AND attname = 'reporters')"
    " THEN ALTER TABLE alerts ADD COLUMN reporters uuid[] NOT NULL DEFAULT '{}'; END IF; END $$",
    "CREATE INDEX IF NOT EXISTS alerts_raised_at ON alerts (raised_at, id)",
    "CREATE INDEX IF NOT EXISTS alerts_member ON alerts (member)",
    "CREATE TABLE IF NOT EXISTS offers (alert uuid NOT NULL, supporter uuid NOT NULL,"
    " sequence integer NOT NULL, state text NOT NULL, at timestamptz NOT NULL, accepted_at timestamptz,"
    " PRIMARY KEY (alert, supporter))",
    "ALTER TABLE offers ADD COLUMN IF NOT EXISTS accepted_at timestamptz",
    "CREATE INDEX IF NOT EXISTS offers_supporter ON offers (supporter, at)",
    "CREATE TABLE IF NOT EXISTS timers (id uuid PRIMARY KEY, alert uuid NOT NULL, kind text NOT NULL,"
    " sequence integer NOT NULL, n integer NOT NULL, due_at timestamptz NOT NULL, lease_until timestamptz)",
    "CREATE INDEX IF NOT EXISTS timers_due_at ON timers (due_at)",
    "CREATE INDEX IF NOT EXISTS timers_alert ON timers (alert)",
    "CREATE TABLE IF NOT EXISTS deliveries (id uuid PRIMARY KEY, alert uuid NOT NULL, supporter uuid NOT NULL,"
    " endpoint uuid REFERENCES endpoints, type text NOT NULL, tier text NOT NULL, sequence integer NOT NULL, offer integer,"
    " body bytea NOT NULL, owed_since timestamptz NOT NULL, due_at timestamptz NOT NULL,"
    " attempts integer NOT NULL DEFAULT 0, state text NOT NULL DEFAULT 'owed', lease_until timestamptz)",
    # a store from before, whose bodies had tokens: what isn't owed keeps none, and the rest goes out as it is
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'deliveries'::regclass AND attname = 'offer')"
    " THEN ALTER TABLE deliveries ADD COLUMN offer integer;"
    " UPDATE deliveries SET body = '' WHERE state IN ('delivered', 'withdrawn'); END IF; END $$",
    "CREATE INDEX IF NOT EXISTS deliveries_due_at ON deliveries (due_at) WHERE state = 'owed'",
    "CREATE INDEX IF NOT EXISTS deliveries_alert ON deliveries (alert)",
    "CREATE INDEX IF NOT EXISTS deliveries_supporter ON deliveries (supporter)",
    "CREATE TABLE IF NOT EXISTS attempts (delivery uuid NOT NULL, n integer NOT NULL, at timestamptz NOT NULL,"
    " status integer, error text, latency_ms double precision NOT NULL, PRIMARY KEY (delivery, n))",
    "CREATE TABLE IF NOT EXISTS accesses (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, alert uuid NOT NULL,"
    " member uuid NOT NULL, reader uuid NOT NULL, what text NOT NULL, at timestamptz NOT NULL)",
    "CREATE INDEX IF NOT EXISTS accesses_member ON accesses (member)",
    "CREATE TABLE IF NOT EXISTS conflicts (id uuid PRIMARY KEY, member uuid NOT NULL, other uuid NOT NULL, kind text NOT NULL,"
    " declared_by text)",
    "CREATE UNIQUE INDEX IF NOT EXISTS conflicts_once"
    " ON conflicts (least(member, other), greatest(member, other), kind, declared_by)",
    "CREATE INDEX IF NOT EXISTS conflicts_member ON conflicts (member)",
    "CREATE INDEX IF NOT EXISTS conflicts_other ON conflicts (other)",
    "CREATE TABLE IF NOT EXISTS blocks (id uuid PRIMARY KEY, member uuid NOT NULL, blocked uuid NOT NULL,"
    " UNIQUE (member, blocked))",
    "CREATE TABLE IF NOT EXISTS preferences (id uuid PRIMARY KEY, version integer NOT NULL, member uuid NOT NULL UNIQUE,"
    " chosen uuid[] NOT NULL, vetoed uuid[] NOT NULL)",
)

WORK = "alerts_work"
"""The channel on which the dispatcher is woken by whoever commits something to do."""
