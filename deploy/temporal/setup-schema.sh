#!/bin/sh
# Makes Temporal's two databases and brings their schemas to the version of the SQL tool at hand. Run before every
# start of the server: what is there already is left as it is.
#
# Where PostgreSQL is comes from the variables of temporal-sql-tool: SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD.
set -eu

for which in temporal visibility; do
  if [ "$which" = temporal ]; then database=temporal; else database=temporal_visibility; fi
  export SQL_DATABASE="$database"
  temporal-sql-tool create-database
  temporal-sql-tool setup-schema --version 0.0
  temporal-sql-tool update-schema --schema-name "postgresql/v12/$which"
done
