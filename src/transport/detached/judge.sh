# Where the records of operations lie: only their owner can look.
if [ "$(id -u)" = 0 ]; then
    root=/var/lib/ocpdg/operations
else
    root=$HOME/.ocpdg/operations
fi

# Sets `verdict` on the operation whose record is $1: absent, running, `done STATUS`, `lost killed`,
# `lost reboot`, or `unstarted`, which it then remains.
judge() {
    verdict=running
    if [ ! -d "$1" ]; then
        verdict=absent
    elif ! ended "$1"; then
        if begun "$1"; then
            read -r now </proc/sys/kernel/random/boot_id
            if [ "$boot" != "$now" ]; then
                verdict='lost reboot'
            elif ! lives "$pid" "$ticks" && ! ended "$1" && ! orphans "$home"; then
                verdict='lost killed'
            fi
        elif [ -e "$1/unstarted" ]; then
            verdict=unstarted
        elif patience_is_over; then
            # Who takes the claim decides: nobody else will start it now.
            if mkdir "$1/claim" 2>/dev/null && : >"$1/unstarted"; then
                verdict=unstarted
            else
                verdict='lost killed'
            fi
        fi
    fi
}

# Whether a supervisor of the record $1 has begun; sets its `pid`, its `ticks`, the session that is its
# `home`, and its `boot`.
begun() {
    [ -s "$1/state" ] && read -r pid ticks home boot <"$1/state"
}

# Whether the operation of the record $1 is over; sets `verdict` if so. The room for its end is blank
# until then.
ended() {
    [ -e "$1/end" ] && read -r status _ <"$1/end" && [ -n "$status" ] && verdict="done $status"
}

# Whether the process $1 lives that began at $2, in ticks since the boot.
lives() {
    process "$1" && [ "$begun_at" = "$2" ]
}

# Whether a process of the session $1 lives: the command may outlive its supervisor.
orphans() {
    for entry in /proc/[0-9]*; do
        if process "${entry#/proc/}" && [ "$session" = "$1" ]; then
            return 0
        fi
    done
    return 1
}

# Reads the `session` and the beginning of the process $1, if there is one. A program's name may hold
# anything, a bracket too.
process() {
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    set -- ${line##*) }
    session=$4
    shift 19
    begun_at=$1
}

# Whether a supervisor has had its time to begin. The time of day may be set meanwhile.
patience_is_over() {
    read -r uptime _ </proc/uptime
    since=${since:-${uptime%.*}}
    [ "$((${uptime%.*} - since))" -ge 60 ]
}
