# Starts an operation unless it was started before, and follows it to its end.
#
#   START HEAD TAIL OUT ERR ENVIRONMENT COMMAND INPUT ID SUPERVISOR SPENT...
#
# Standard input is the job: so many bytes of ENVIRONMENT, of COMMAND, and of the command's own INPUT.
# START is `yes`, or `no` to follow only what is there. OUT and ERR are how much of the two outputs came
# through before. Standard output is the token HEAD TAIL, the command's output, the token again, and a
# verdict that ends in `;`. The records SPENT are removed.
#
# What is only followed and is not there will never begin: what started it may still be on its way, and whoever
# asks does it anew.
start=$1 head=$2 tail=$3 out=$4 err=$5 environment=$6 command=$7 input=$8 id=$9
shift 9
supervisor=$1
shift
dir=$root/$id
umask=$(umask)
umask 077

say() {
    printf '%s%s%s;' "$head" "$tail" "$1"
    exit 0
}

# Lays the record down in $1.
record() {
    [ -d "$root" ] || mkdir -p "$root"
    [ ! -e "$1" ] || rm -rf "$1"
    mkdir "$1" && cat >"$1/job" || return
    if [ "$(stat -c %s "$1/job")" != "$((environment + command + input))" ]; then
        echo "the job did not come whole"
        return 1
    fi
    # Most jobs are nothing but a command.
    if [ "$((environment + input))" -gt 0 ]; then
        head -c "$environment" "$1/job" >"$1/environment" &&
            tail -c "+$((environment + 1))" "$1/job" | head -c "$command" >"$1/command" &&
            tail -c "+$((environment + command + 1))" "$1/job" >"$1/input" || return
    fi
    printf %s "$supervisor" >"$1/supervisor" &&
        # Room for the end, kept from now on: a disk that fills up meanwhile must not swallow it.
        printf '%32s\n' '' >"$1/end" &&
        : >"$1/out" && : >"$1/err"
}

# Passes on what the file $1 holds beyond its first $2 bytes; sets `size` to its size.
pass() {
    size=$2
    [ -s "$1" ] || return 0
    size=$(stat -c %s "$1") || size=$2
    if [ "$size" -gt "$2" ]; then
        tail -c "+$(($2 + 1))" "$1" | head -c "$((size - $2))" || exit 1
    fi
}

printf %s%s "$head" "$tail"

# Lays down in $1 that nobody began it, and nobody will.
tombstone() {
    [ -d "$root" ] || mkdir -p "$root"
    mkdir "$1" "$1/claim" && : >"$1/unstarted"
}

new=$root/.$id.$$
if [ "$start" = no ] && [ ! -d "$dir" ]; then
    if ! why=$(tombstone "$new" 2>&1); then
        rm -rf "$new"
        say "unwritable $root: $why"
    fi
    if mv -T "$new" "$dir" 2>/dev/null; then
        say absent
    fi
    # It came at this moment.
    rm -rf "$new"
fi
if [ "$start" = yes ]; then
    # It is made beside its place and moved there whole: there is never half a record.
    if ! why=$(record "$new" 2>&1); then
        rm -rf "$new"
        say "unwritable $root: $why"
    fi
    if ! why=$(mv -T "$new" "$dir" 2>&1); then
        wanted=$(sha256sum <"$new/job")
        rm -rf "$new"
        [ -d "$dir" ] || say "unwritable $root: $why"
        [ -e "$dir/unstarted" ] || [ "$(sha256sum <"$dir/job")" = "$wanted" ] ||
            say "differs $(tail -c "+$((environment + 1))" "$dir/job" | head -c 2000)"
    fi
    if [ ! -e "$dir/claim" ]; then
        (
            umask "$umask"
            setsid sh "$dir/supervisor" "$dir" </dev/null >/dev/null 2>&1 &
        )
    fi
fi
for one; do
    rm -rf "${root:?}/$one"
done

set -- 0.01 0.02 0.04 0.08 0.15 0.25 0.5
while :; do
    # What is over is known before the outputs are read: nothing is written after that.
    judge "$dir"
    pass "$dir/out" "$out"
    out=$size
    pass "$dir/err" "$err" >&2
    err=$size
    [ "$verdict" = running ] || say "$verdict"
    sleep "$1"
    [ $# -eq 1 ] || shift
done
