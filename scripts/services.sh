#!/usr/bin/env bash
# Installs and starts the real servers that tests talk to (`make services`): Debian, as root.
#
# Doing it twice does nothing the second time; a server that answers already is left alone. To add
# one, write `<name>_answers` and `<name>_start`, and add a line at the end.
set -euo pipefail

say() { echo "services: $*"; }

# install PACKAGE…: by apt, only what is missing.
install() {
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ]; then
        say "missing packages: ${missing[*]}; run this as root to install them" >&2
        exit 1
    fi
    say "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

# await NAME: until NAME_answers, for 30 seconds at most.
await() {
    local tries
    for tries in $(seq 150); do
        "$1_answers" && return
        sleep 0.2
    done
    say "$1 did not answer within 30 seconds" >&2
    exit 1
}

# up NAME PACKAGE…: the server answers, whatever that takes.
up() {
    local name=$1
    shift
    if ! "${name}_answers"; then
        install "$@"
        "${name}_answers" || "${name}_start"
        await "$name"
    fi
    say "$name answers"
}

# --- PostgreSQL -----------------------------------------------------------------------------------
# The tests are given one address; its role must be a superuser, for they make and drop roles.
POSTGRES=${KEYSTEAD_TEST_POSTGRES:-postgresql://postgres@127.0.0.1:5432/postgres}

postgresql_answers() {
    command -v psql >/dev/null && PGCONNECT_TIMEOUT=3 psql -w -q -X -d "$POSTGRES" -c 'SELECT 1' >/dev/null 2>&1
}

as_postgres() { runuser -u postgres -- "$@"; }

postgresql_start() {
    local version cluster=main hba rule
    version=$(pg_lsclusters -h | awk '$2 == "main" { print $1 }' | sort -V | tail -n 1)
    if [ -z "$version" ]; then
        version=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -n 1)
        pg_createcluster "$version" "$cluster" >/dev/null
    fi
    # Without --skip-systemctl-redirect it would wait for a systemd that a container has not.
    as_postgres pg_ctlcluster --skip-systemctl-redirect "$version" "$cluster" start 2>/dev/null || true
    if postgresql_answers; then
        return
    fi
    # A fresh Debian cluster wants a password over TCP. The tests have none to give, so this one role
    # is trusted from loopback; the line stands first because the first match decides.
    hba=/etc/postgresql/$version/$cluster/pg_hba.conf
    rule='host all postgres 127.0.0.1/32 trust'
    if ! grep -qxF "$rule" "$hba"; then
        say "trusting role postgres from 127.0.0.1 in $hba"
        sed -i "1i $rule" "$hba"
    fi
    as_postgres pg_ctlcluster --skip-systemctl-redirect "$version" "$cluster" reload
}

# A prepared machine may trust everybody from loopback; a test that logs in with a fetched password proves
# something only where a wrong one is refused. Members of this role are asked for theirs.
postgresql_passwords() {
    local hba rule='host all +keystead_by_password 127.0.0.1/32 scram-sha-256'
    query() { psql -w -q -X -A -t -d "$POSTGRES" -c "$1"; }
    [ "$(query "SELECT 1 FROM pg_roles WHERE rolname = 'keystead_by_password'")" = 1 ] ||
        query 'CREATE ROLE keystead_by_password NOLOGIN'
    hba=$(query 'SHOW hba_file')
    if ! grep -qxF "$rule" "$hba"; then
        say "asking members of keystead_by_password for their passwords, in $hba"
        sed -i "1i $rule" "$hba"
        query 'SELECT pg_reload_conf()' >/dev/null
    fi
}

up postgresql postgresql
postgresql_passwords

# --- OAuth clients from npm, which tests run against a real server ---------------------------------
# Debian's own Node.js may be too old for them; then the tests say so, and nothing is installed twice.
CLIENTS=$(dirname "$0")/../tests/oauth/node

clients_are_there() { [ "$CLIENTS/node_modules/.package-lock.json" -nt "$CLIENTS/package-lock.json" ]; }

command -v npm >/dev/null || install nodejs npm
clients_are_there || {
    say "installing the OAuth clients of tests/oauth/node"
    npm ci --prefix "$CLIENTS" --silent
}
say "node $(node --version) and its OAuth clients are there"

# --- wrk, the load generator of `make bench`: a program, not a server -----------------------------
command -v wrk >/dev/null || install wrk
say "wrk is there"

# --- SoftHSM, a PKCS#11 token in software ----------------------------------------------------------
[ -e /usr/lib/softhsm/libsofthsm2.so ] || install softhsm2
say "SoftHSM is there"

# --- nginx, which tests put before a server of theirs: a program, not a server --------------------
[ -x /usr/sbin/nginx ] || install nginx
say "nginx is there"

# --- ip, by which a trial gives a node a network of its own ---------------------------------------
command -v ip >/dev/null || install iproute2
say "ip is there"
