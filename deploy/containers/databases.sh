#!/bin/bash
# Run once, by the postgres image, on an empty volume: a database for each service, and a login that gets into no other.
set -eu
for service in $SERVICES; do
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set service="$service" --set password="$POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
