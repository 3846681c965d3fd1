#!/bin/sh
# Creates a database and a login for each service; each login reaches only its own database. The image runs this on a new
# volume. A second run updates the passwords (see deploy/README.md). The subshell is for images that source this file.
(
    set -eu
    export PGOPTIONS='-c client_min_messages=warning'

    # ask DATABASE: run the SQL on standard input as the superuser, over the socket.
    ask() {
        psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "$1"
    }

    # make SERVICE PASSWORD: psql reads the password from its environment, so that no process list shows it.
    make() {
        export SERVICE="$1" PASSWORD="${2:?the password of $1 is missing}"
        ask postgres <<'SQL'
\getenv service SERVICE
\getenv password PASSWORD
SELECT format('CREATE ROLE %I', :'service')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service') \gexec
ALTER ROLE :"service" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING %L', :'service', :'service', 'UTF8')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'service') \gexec
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
    }

    make auth "${AUTH_DATABASE_PASSWORD:-}"
    make scheduling "${SCHEDULING_DATABASE_PASSWORD:-}"
    make clinical "${CLINICAL_DATABASE_PASSWORD:-}"
    make billing "${BILLING_DATABASE_PASSWORD:-}"
    make notify "${NOTIFY_DATABASE_PASSWORD:-}"

    # Only the superuser may use the server's default databases.
    echo 'REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;' | ask postgres
    # For the constraint that refuses overlapping appointments. Created here, so that the service's login needs no such right.
    echo 'CREATE EXTENSION IF NOT EXISTS btree_gist;' | ask scheduling
)
