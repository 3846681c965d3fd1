#!/bin/sh
# One database and one login for each service, and each login reaches only its own. The image runs this when its volume is
# new; run again, it sets the passwords anew (see deploy/README.md). A subshell, because some images read it in with `.`.
(
    set -eu
    export PGOPTIONS='-c client_min_messages=warning'

    # ask DATABASE: run the SQL on standard input as the superuser, over the socket.
    ask() {
        psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "$1"
    }

    # make SERVICE PASSWORD: psql reads the password from its environment, where no list of processes shows it.
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

    # The databases that come with the server are nobody's but the superuser's.
    echo 'REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;' | ask postgres
    # What refuses overlapping visits. Made here, so that the service's login needs no right to.
    echo 'CREATE EXTENSION IF NOT EXISTS btree_gist;' | ask scheduling
)
