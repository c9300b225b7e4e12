#!/usr/bin/env bash
# The examples do what they say: the quickstart on synthetic recordings, and the experiment's smoke run.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
command -v cfm-embed >/dev/null || { echo "skipped: built without LibTorch"; exit 77; }

# The build is there: the quickstart only has to find it so.
env -u CFM_DATA CFM_RUNS="$scratch" "$CFM_ROOT/examples/quickstart.sh" >log 2>&1
status=$?
check "the quickstart fails: $(tail -3 log)" [ "$status" = 0 ]
check "the quickstart's table: $(tail -20 log)" [ "$(grep -cE '^  (linear|the same|always|fine).* [01]\.[0-9]{2}  \[[01]\.' log)" = 4 ]
check "a second run makes nothing anew" bash -c "env -u CFM_DATA CFM_RUNS='$scratch' '$CFM_ROOT/examples/quickstart.sh' 2>&1 | grep -c '(kept: ' | grep -qx 8"
make -s -C "$CFM_ROOT/examples/vt-alarms" smoke OUT="$scratch/vt" >smoke.log 2>&1
status=$?
check "make smoke fails: $(tail -3 smoke.log)" [ "$status" = 0 ]
check "make smoke gives no score" grep -qE '^ +model +[01]\.[0-9]+' smoke.log
finish
