# Runs a private Postgres for as long as standard input stays open.
#
# The tests hold the other end of standard input. When they are gone, however they went, it closes, and the cluster is stopped
# and removed. `stop` and `start` as lines of standard input stop and start the server; each line is answered by one.
set -eu

# Postgres refuses to run as root. The script comes as an argument, because the other user may not be able to read our folder.
if [ "$(id -u)" = 0 ]; then
    for user in postgres nobody; do
        if id "$user" >/dev/null 2>&1; then
            exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups env HOME=/ sh -c "$1" cluster "$1" "$2"
        fi
    done
    echo "failed: neither the user postgres nor nobody is on this machine"
    exit 1
fi

# Debian keeps the server's programs out of PATH, in a folder a version; the last one is the newest.
bin=
for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
    if [ -x "$folder/initdb" ]; then bin=$folder/; fi
done
if [ -z "$bin" ] && ! command -v initdb >/dev/null; then
    echo "failed: there is no initdb here: install PostgreSQL (Debian: apt-get install postgresql), the tests need it"
    exit 1
fi

home=$(mktemp -d "${TMPDIR:-/tmp}/latchkey-pg.XXXXXX")
log=$home/log
finish() {
    "${bin}pg_ctl" -D "$home/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$home"
}
trap finish EXIT

# A cluster that sorts by the rules of a language, as most do: an order that only the C locale has is found here.
if ! "${bin}initdb" -D "$home/data" -A trust -U latchkey --no-sync -E UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US >"$log" 2>&1; then
    echo "failed: initdb: $(tail -n 1 "$log")"
    exit 1
fi
listen="-c listen_addresses=''"
port=5432
# With `tls` it listens to the network of this machine, and there to nobody without TLS.
if [ "$2" = tls ]; then
    port=$((20000 + $$ % 20000))
    listen="-c listen_addresses=localhost -c port=$port -c ssl=on -c ssl_cert_file=$home/server.crt -c ssl_key_file=$home/server.key"
    (
        cd "$home"
        for name in ca stranger; do
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$name" -keyout $name.key -out $name.crt
        done
        openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout server.key -out server.csr
        echo "subjectAltName=DNS:localhost" >server.ext
        openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.crt
    ) >"$log" 2>&1 || { echo "failed: openssl: $(tail -n 1 "$log")"; exit 1; }
    chmod 600 "$home/server.key"
    printf 'local all all trust\nhostssl all all all trust\n' >"$home/data/pg_hba.conf"
fi
options="$listen -c unix_socket_directories='$home' -c max_connections=400 -c shared_buffers=64MB -c fsync=off -c full_page_writes=off"
start() {
    if ! "${bin}pg_ctl" -D "$home/data" -w -l "$log" -o "$options" start >/dev/null; then
        echo "failed: pg_ctl: $(tail -n 1 "$log")"
        exit 1
    fi
}
start
echo "$home $port"

while read -r order; do
    case $order in
    stop) "${bin}pg_ctl" -D "$home/data" -w -m fast stop >/dev/null ;;
    start) start ;;
    esac
    echo "$order done"
done
