#!/bin/sh
# Messages a second through our pool, beside Postfix's smtp-source in the same
# run, both into Postfix's smtp-sink. Wants: postfix, a release build.
#   test/bench/pool.sh BUILD-FOLDER [MESSAGES [CONNECTIONS [BYTES]]]
set -eu

build=${1:?usage: pool.sh BUILD-FOLDER [MESSAGES [CONNECTIONS [BYTES]]]}
messages=${2:-50000}
connections=${3:-20}
bytes=${4:-6000}
port=${PORT:-2599}
user=
[ "$(id -u)" != 0 ] || user=nobody

/usr/sbin/smtp-sink ${user:+-u "$user"} "127.0.0.1:$port" 256 &
sink=$!
trap 'kill $sink' EXIT
sleep 1
for _ in 1 2 3; do
	printf 'bench_pool  '
	"$build/test/bench/bench_pool" "$port" "$messages" "$connections" "$bytes"
	start=$(date +%s%N)
	/usr/sbin/smtp-source -d -s "$connections" -m "$messages" -l "$bytes" "127.0.0.1:$port"
	took=$(($(date +%s%N) - start))
	echo "smtp-source messages=$messages per_second=$((messages * 1000000000 / took))"
done
