#!/usr/bin/env bash
# Truncation travels along a pipe, a closed pipe is quiet, a full disk is an error, and no output of a failed run looks whole.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"

cfm-synth -q --subjects 3 --duration 60 --prov none -o whole.cfm || exit 1
size=$(stat -c %s whole.cfm)

# Through three programs: each fails with status 4 and none writes an end.
for cut in 1 63 64 700 $((size / 2)) $((size - 512)) $((size - 1)); do
  head -c "$cut" whole.cfm | cfm-segment -q --length 10 - 2>/dev/null | cfm-quality -q 2>/dev/null | cfm-view -q --to ndjson >out.ndjson 2>/dev/null
  states="${PIPESTATUS[*]}"
  check "cut at $cut: statuses $states" [ "$states" = "0 4 4 4" ]
  check "cut at $cut leaves a whole stream" bash -c '! cfm-view -q --check out.ndjson 2>/dev/null'
done

# Without pipefail the last program still fails.
(set +o pipefail; head -c 5000 whole.cfm | cfm-quality -q 2>/dev/null | cfm-view -q --check - 2>/dev/null)
check "the last program of a cut pipe: status $?" [ $? = 4 ]

# A reader that leaves: SIGPIPE, no message.
cfm-view --to ndjson whole.cfm 2>err | head -c 100 >/dev/null
states="${PIPESTATUS[*]}"
check "closed pipe: $states" [ "${states%% *}" = 141 ]
check "closed pipe is silent" [ ! -s err ]

# A full disk, at once and half-way.
cfm-view --to cfm whole.cfm >/dev/full 2>err
check "full disk: status" [ $? = 5 ]
check "full disk: message" grep -q 'No space left' err
(ulimit -f $((size / 2048)); trap '' XFSZ; cfm-view --to cfm whole.cfm -o half.cfm 2>err)
check "disk that fills half-way: status" [ $? = 5 ]
check "disk that fills half-way: nothing is left" [ ! -e half.cfm ]

# Killed: what was being written does not appear under its name.
mkfifo slow
cfm-quality -q slow -o killed.cfm 2>/dev/null &
victim=$!
exec 3>slow
head -c $((size / 2)) whole.cfm >&3
sleep 0.3
kill -9 "$victim"
wait "$victim" 2>/dev/null
exec 3>&-
check "killed -9: no result" [ ! -e killed.cfm ]

# Joined parts are a stream; a part cut off behind a whole one is noticed.
cat whole.cfm whole.cfm | cfm-view -q --check - >/dev/null
check "joined parts" [ $? = 0 ]
(cat whole.cfm; head -c 2000 whole.cfm) | cfm-view -q --check - 2>/dev/null
check "second part cut" [ $? = 4 ]

# What is damaged in the middle can be left out on request, and that is said.
python3 - <<'PY'
data = bytearray(open("whole.cfm", "rb").read())
at = data.index(b'\x89CFM\r\n\x1a\n', data.index(b'"type":"segment"'))
data[at - 200] ^= 1
open("flipped.cfm", "wb").write(data)
PY
cfm-quality -q flipped.cfm >/dev/null 2>&1
check "flipped bit: status" [ $? = 4 ]
cfm-quality -q --on-error skip flipped.cfm >skipped.cfm 2>/dev/null
check "skipped: status" [ $? = 6 ]
check "skipped: the rest is whole" cfm-view -q --check skipped.cfm
check "skipped: two of three" [ "$(cfm-view -q --to ndjson --payload none skipped.cfm | grep -c '"type":"segment"')" = 2 ]
finish
