# Runs the operation whose record is $1, unless somebody else does or did.
dir=$1

# Under systemd in a scope of its own, which no end of a session takes along. Where that fails, the
# claim is still free.
if [ "$2" != scoped ] && [ -d /run/systemd/system ] && [ "$(id -u)" = 0 ]; then
    systemd-run --scope --unit="ocpdg-${dir##*/}" sh "$0" "$dir" scoped
fi
mkdir "$dir/claim" 2>/dev/null || exit 0

# On disk before the command begins: that it began is known after a loss of power, too.
read -r line <"/proc/$$/stat"
set -- ${line##*) }
session=$4
shift 19
read -r boot </proc/sys/kernel/random/boot_id
if ! echo "$$ $1 $session $boot" | dd of="$dir/state" conv=fsync 2>/dev/null; then
    # No room: it was not begun, and whoever follows it says so.
    : >"$dir/state"
    rmdir "$dir/claim"
    exit 0
fi

if [ -e "$dir/command" ]; then
    (
        . "$dir/environment"
        exec sh "$dir/command"
    ) <"$dir/input" >"$dir/out" 2>"$dir/err"
else
    sh "$dir/job" </dev/null >"$dir/out" 2>"$dir/err"
fi
printf '%s ' "$?" 1<>"$dir/end"
