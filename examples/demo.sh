#!/usr/bin/env bash
# Keystead's main job in one minute (`make demo`): a script fetches a database password with a token, by
# a plain curl; the same token is refused from elsewhere; the audit knows both.
#
# Serves until Ctrl-C on 127.0.0.1:8780 (DEMO_LISTEN=HOST:PORT for another place on this machine), or
# ends by itself with DEMO_ONCE=1. Everything is in a directory of its own that is removed at the end.
set -euo pipefail

listen=${DEMO_LISTEN:-127.0.0.1:8780}
url=http://$listen
home=$(mktemp -d)
server=

end() {
    trap - EXIT INT TERM
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$home"
}
trap end EXIT
trap 'echo; echo "Stopped; the demo left nothing behind."; end; exit 0' INT TERM

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() { printf '  $ %s\n' "$*"; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

if curl -s -o "$home/probe" --max-time 2 "$url/healthz"; then
    echo "Something is listening on $listen already; choose another place: DEMO_LISTEN=127.0.0.1:8790 make demo" >&2
    exit 1
fi

say "1. An installation, and its server"
show "keystead init --data DIR"
keystead init --data "$home/data" --json >"$home/admin.json"
show "keystead serve --data DIR --listen $listen"
keystead serve --data "$home/data" --listen "$listen" >"$home/server.log" 2>&1 &
server=$!
for _ in $(seq 100); do
    curl -s -o "$home/probe" "$url/readyz" && break
    kill -0 "$server" 2>/dev/null || { cat "$home/server.log" >&2; exit 1; }
    sleep 0.1
done
KEYSTEAD_URL=$url
KEYSTEAD_TOKEN=$(field admin_token <"$home/admin.json")
export KEYSTEAD_URL KEYSTEAD_TOKEN

say "2. The administrator keeps a password in a folder"
show "keystead folder create databases"
keystead folder create databases
show "keystead account create databases/orders --username orders_app --generate"
keystead account create databases/orders --username orders_app --generate

say "3. and issues a token that reads secrets, from 127.0.0.1 alone, for one day"
show "keystead token create nightly-report --scope secrets:read --network 127.0.0.1 --expires 1d"
token=$(keystead token create nightly-report --scope secrets:read --network 127.0.0.1 --expires 1d --quiet)
echo "  ${token:0:16}… (shown once; only a digest of it is kept)"

say "4. The script carries no password any more: it asks for it"
show "curl -H \"Authorization: Bearer \$TOKEN\" -H 'Accept: text/plain' $url/api/v1/secrets/databases/orders"
# The token goes to curl by a file, not by the command line, which every user of this machine can read.
(umask 077; printf 'header = "Authorization: Bearer %s"\n' "$token" >"$home/curl.conf")
password=$(curl -sS --fail -K "$home/curl.conf" -H 'Accept: text/plain' "$url/api/v1/secrets/databases/orders")
echo "  ${password:0:4}… (${#password} characters)"

say "5. The same token from another address is refused"
show "curl --interface 127.0.0.2 …"
curl -sS -K "$home/curl.conf" --interface 127.0.0.2 "$url/api/v1/secrets/databases/orders"
echo

say "6. The audit has both, in a chain that cannot be edited unseen"
show "keystead audit list --verb secret.read"
keystead audit list --verb secret.read
show "keystead audit verify --data DIR"
keystead audit verify --data "$home/data"

say "Keystead answers at $url"
if [ "${DEMO_ONCE:-}" = 1 ]; then
    exit 0
fi
cat <<END
  API description:  $url/openapi.json
  Try it from another terminal:
    export KEYSTEAD_URL=$url KEYSTEAD_TOKEN=$KEYSTEAD_TOKEN
    keystead token list        (the command is .venv/bin/keystead here)
  Ctrl-C stops the server and removes its data.
END
wait "$server"
