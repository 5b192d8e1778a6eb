# shellcheck shell=bash
# One owner of the lab at a time. What works on it for long (suite, demo, cut, ...) holds the lock on descriptor 9 until
# it ends; what it calls inherits the descriptor and may go on, the hosts and what runs on them get it closed (`9>&-`).

# lab_lock WHO: makes this process the owner, or ends it; with OCPDG_LAB_WAIT=1 it waits instead.
lab_lock() {
    local lock=$LAB_DIR/lock
    # Inherited from the owner.
    if [ /proc/self/fd/9 -ef "$lock" ]; then return; fi
    exec 9>>"$lock"
    if ! flock --nonblock 9; then
        note "the lab in $LAB_DIR belongs to $(cat "$lock")"
        [ "${OCPDG_LAB_WAIT:-}" = 1 ] ||
            die "wait for its end, or let it be waited for with OCPDG_LAB_WAIT=1, or use a second lab with OCPDG_LAB_DIR"
        flock 9
    fi
    printf '%s (process %s) since %s\n' "$1" "$$" "$(date '+%Y-%m-%d %H:%M:%S')" >"$lock"
}
