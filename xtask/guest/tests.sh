# Runs test programs one after the other, telling the host between which marks
# each one's output is. The lines that call `run` are appended to this.

# run NUMBER DIRECTORY PROGRAM ARGUMENT...
run() {
    number=$1 directory=$2
    shift 2
    printf '\n%s begin %s\n' "$MARK" "$number"
    (
        cd "$directory" || exit
        export CARGO_MANIFEST_DIR="$directory"
        exec timeout --kill-after=10 "$LIMIT" "$@"
    )
    status=$?
    # Reports of bad memory, in whichever process, are part of the output. A
    # program that has none keeps its status.
    for report in ${REPORTS:+"$REPORTS"/*}; do
        [ -f "$report" ] || continue
        cat "$report"
        rm "$report"
        [ "$status" -ne 0 ] || status=$REPORTED
    done
    printf '\n%s end %s %s\n' "$MARK" "$number" "$status"
    # A pool that a test has left behind must not become the next one's trouble.
    # Only in a guest: elsewhere pools are somebody's.
    if [ -n "$LIBZFS_GUEST" ]; then
        for pool in $(zpool list -H -o name); do
            printf '%s leaked %s %s\n' "$MARK" "$number" "$pool"
            zpool destroy -f "$pool"
        done
    fi
}

exec 2>&1
if [ -n "$REPORTS" ]; then
    # Also for programs that tests run as another user.
    mkdir -m 1777 "$REPORTS"
fi
