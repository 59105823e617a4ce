# Runs chromedriver for as long as standard input stays open.
#
# The tests hold the other end. When they are gone, however they went, it closes, and the driver, every browser it started (all
# of them are in this shell's process group) and their profiles are removed.
set -eu
for program in chromedriver chromium; do
    if ! command -v "$program" >/dev/null; then
        echo "failed: there is no $program here (Debian: apt-get install chromium chromium-driver), the tests need it"
        exit 1
    fi
done
home=$(mktemp -d "${TMPDIR:-/tmp}/latchkey-chromium.XXXXXX")
: >"$home/log"
TMPDIR=$home chromedriver --port=0 >"$home/log" 2>&1 &
finish() {
    trap '' TERM
    kill -TERM 0
    wait
    sleep 1
    rm -rf "$home"
}
trap finish EXIT

tries=0
until port=$(sed -n 's/.*started successfully on port \([0-9]*\).*/\1/p' "$home/log") && [ -n "$port" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ]; then
        echo "failed: chromedriver did not start: $(tail -n 1 "$home/log")"
        exit 1
    fi
    sleep 0.1
done
echo "$port"
cat >/dev/null
