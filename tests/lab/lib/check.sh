# shellcheck shell=bash
# Is this the end of a right downgrade? One line per host and item, PASS or FAIL.

cluster_check() {
    local v2=0 json=0 word host facts lines
    for word in "$@"; do
        case $word in
        --v2) v2=1 ;;
        --json) json=1 ;;
        *) die "check [--v2] [--json]" ;;
        esac
    done
    cluster_state
    facts=$(state_dir "$TOPOLOGY" "$STATE")/facts
    lines=$(mktemp)
    for host in $ALL; do
        {
            tar -C "$facts/$host" -cf - . | host_exec "$host" bash -c \
                "$(printf '%s\n' 'rm -rf /run/lab-facts; mkdir -p /run/lab-facts; tar -C /run/lab-facts -xf -'
                   cat "$LAB_HOME/check/host.sh")" 2>&1 | sed "s/^\(PASS\|FAIL\)\t/\1\t$host\t/"
        } >"$lines.$host" &
    done
    wait
    for host in $ALL; do cat "$lines.$host"; done >"$lines"
    check_cluster "$facts" "$v2" >>"$lines"
    check_print "$json" <"$lines"
    word=$(grep -cv '^PASS' "$lines" || true)
    rm -f "$lines" "$lines".*
    [ "$word" = 0 ]
}

# Across hosts: etcd as a whole, and what survives of the backup.
check_cluster() {
    local facts=$1 v2=$2 first=${ETCD%% *} host endpoints=
    for host in $ETCD; do endpoints+=",https://$host.$DOMAIN:2379"; done
    host_exec "$first" env "ENDPOINTS=${endpoints#,}" "MEMBERS=$ETCD" "DOMAIN=$DOMAIN" "V2=$v2" \
        "PEERS=$(for host in $ETCD; do printf '%s.%s=https://%s:2380 ' "$host" "$DOMAIN" "$(address_of "$TOPOLOGY" "$host")"; done)" \
        bash -c "$(cat "$LAB_HOME/check/etcd.sh")" 2>&1 | sed "s/^\(PASS\|FAIL\)\t/\1\tcluster\t/"
    host_exec "${MASTERS%% *}" env "NODE_NAMES=$NODE_NAMES" bash -c "$(cat "$LAB_HOME/check/api.sh")" 2>&1 |
        sed "s/^\(PASS\|FAIL\)\t/\1\tcluster\t/"
    check_backup "$facts"
}

# The backup of before the upgrade, where it was or evacuated, on any of the hosts.
check_backup() {
    local facts=$1 host sums found=
    sums=$(cat "$facts"/*/backup | cut -d' ' -f1)
    for host in $ALL; do
        # shellcheck disable=SC2016
        found+=$(host_exec "$host" env "SUMS=$sums" bash -c '
            find /var/lib /root /backup /srv /home /opt -xdev -path "*docker*" -prune -o -name db -type f -print 2>/dev/null |
                while read -r f; do s=$(sha256sum <"$f" | cut -d" " -f1); case $SUMS in *"$s"*) echo "$f "; esac; done
            mountpoint -q /var/lib/etcd && find /var/lib/etcd -name db -type f | while read -r f; do
                s=$(sha256sum <"$f" | cut -d" " -f1); case $SUMS in *"$s"*) echo "$f "; esac; done; :' |
            sed "s/^/$host:/" | tr -d '\n')
    done
    if [ -n "$found" ]; then printf 'PASS\tcluster\tbackup of before the upgrade kept\t%s\n' "$found"
    else printf 'FAIL\tcluster\tbackup of before the upgrade kept\tfound nowhere\n'; fi
}

check_print() {
    if [ "$1" = 1 ]; then
        jq -Rs 'split("\n") | map(select(length > 0) | split("\t") |
            {pass: (.[0] == "PASS"), host: .[1], item: .[2], detail: .[3]})'
    else
        awk -F'\t' '{ printf "%-4s %-9s %-48s %s\n", $1, $2, $3, $4; if ($1 == "PASS") p++; else f++ }
            END { printf "%d passed, %d failed\n", p, f }'
    fi
}
