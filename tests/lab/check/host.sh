# On a host: what is on it, against the facts of before the upgrade in /run/lab-facts.
facts=/run/lab-facts
read -r roles <"$facts/roles"

# item TEXT FOUND: passes when nothing wrong was found.
item() {
    local bad
    bad=$(tr '\n\t' '  ' <<<"$2" | sed 's/ *$//')
    if [ -z "$bad" ]; then printf 'PASS\t%s\t\n' "$1"; else printf 'FAIL\t%s\t%s\n' "$1" "${bad:0:200}"; fi
}
has() { case " $roles " in *" $1 "*) true ;; *) false ;; esac; }
differs() { cmp -s "$facts$1" "$1" || { echo "$1 differs: "; diff "$facts$1" "$1" 2>&1 | head -n 4; }; }
active_line() { grep -E '^exclude=' /etc/yum.conf; }

packages() {
    local now
    now=$(rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE}\n' | sort)
    item 'no package at 3.8 or later' "$(grep -E '^[a-z-]*atomic-openshift[a-z-]* 3\.([89]|1[0-9])\.' <<<"$now")"
    item 'OpenShift packages as before' "$(diff <(grep openshift "$facts/packages") <(grep openshift <<<"$now") | grep '^[<>]')"
    item 'docker packages as before' "$(diff <(grep '^docker' "$facts/packages") <(grep '^docker' <<<"$now") | grep '^[<>]')"
    item 'etcd package as before' "$(diff <(grep '^etcd ' "$facts/packages") <(grep '^etcd ' <<<"$now") | grep '^[<>]')"
    item 'all other packages as before' "$(diff <(grep -Ev '^etcd |^docker|openshift' "$facts/packages") <(grep -Ev '^etcd |^docker|openshift' <<<"$now") | grep '^[<>]')"
}

repositories() {
    local on
    on=$(awk '/^\[/ { id = $0 } /^enabled *= *1/ { print id }' /etc/yum.repos.d/redhat.repo)
    item '3.8 and 3.9 repositories off' "$(grep -E 'ose-3\.[89]' <<<"$on")"
    item '3.7, extras, fast-datapath repositories on' "$(for id in rhel-7-server-ose-3.7 rhel-7-server-extras rhel-7-fast-datapath; do grep -q "$id-rpms" <<<"$on" || echo "$id"; done)"
}

excludes() {
    item 'excluders active with the patterns of 3.7' "$(
        for name in atomic-openshift atomic-openshift-node atomic-openshift-master tuned-profiles-atomic-openshift-node 'docker*1.13*' 'docker*1.20*'; do
            grep -qF " $name " <<<"$(active_line)" || echo "$name not excluded"
        done)"
    item 'one exclude= line in yum.conf' "$([ "$(grep -c '^exclude=' /etc/yum.conf)" = 1 ] || grep -c '^exclude=' /etc/yum.conf)"
}

units() {
    local unit enabled active now
    while read -r unit enabled active; do
        now="$(systemctl is-enabled "$unit" 2>/dev/null) $(systemctl is-active "$unit")"
        item "unit $unit is $enabled, $active" "$([ "$now" = "$enabled $active" ] || echo "it is $now")"
    done < <(awk 'NF == 3' "$facts/units")
    item 'no other unit masked' "$(find /etc/systemd/system /run/systemd/system -lname /dev/null \( -name 'atomic-*' -o -name 'etcd*' -o -name 'docker*' -o -name 'openvswitch*' \) ! -path '/etc/systemd/system/atomic-openshift-master.service')"
}

docker_state() {
    item 'docker daemon is 1.12.6' "$(v=$(docker version --format '{{.Server.Version}}' 2>&1); [ "$v" = 1.12.6 ] || echo "it is $v")"
    item 'no deferred deletion in docker-storage' "$(grep -s use_deferred_deletion /etc/sysconfig/docker-storage)"
    item 'docker-storage otherwise as before' "$(diff -b <(sed 's/ *--storage-opt dm.use_deferred_deletion=true//' $facts/etc/sysconfig/docker-storage) <(sed 's/ *--storage-opt dm.use_deferred_deletion=true//' /etc/sysconfig/docker-storage 2>&1) | grep '^[<>]')"
    item 'no image of 3.9' "$(docker images 2>&1 | grep v3.9 | head -n 2)"
}

etcd_state() {
    item 'no drop-in of etcd' "$(ls -A /etc/systemd/system/etcd.service.d 2>/dev/null)"
    item 'etcd runs without --force-new-cluster' "$(p=$(pgrep -a etcd) || echo 'does not run'; grep -E 'force' <<<"$p"; tr '\0' '\n' <"/proc/$(pgrep -o etcd)/environ" 2>/dev/null | grep -i FORCE_NEW)"
    item '/var/lib/etcd/member belongs to etcd' "$([ -d /var/lib/etcd/member ] || echo missing; find /var/lib/etcd/member ! -user etcd 2>/dev/null)"
    item '/var/lib/etcd belongs to etcd' "$(o=$(stat -c %U:%G /var/lib/etcd); [ "$o" = etcd:etcd ] || echo "$o")"
    # Which members it starts with is of no meaning once there is data.
    item 'etcd.conf as before' "$(diff <(grep -Ev '^ETCD_INITIAL_CLUSTER(_STATE|_TOKEN)?=|^$' "$facts/etc/etcd/etcd.conf") <(grep -Ev '^ETCD_INITIAL_CLUSTER(_STATE|_TOKEN)?=|^$' /etc/etcd/etcd.conf 2>&1) | grep '^[<>]')"
    item 'etcd.conf can be read by etcd' "$(runuser -u etcd -- cat /etc/etcd/etcd.conf 2>&1 >/dev/null)"
}

master_state() {
    local name body
    item 'CA as before' "$(differs /etc/origin/master/ca.crt)"
    item 'master-config.yaml as before, with assetConfig' "$(differs /etc/origin/master/master-config.yaml)"
    item 'scheduler.json without CheckVolumeBinding' "$(grep CheckVolumeBinding /etc/origin/master/scheduler.json)"
    item 'scheduler.json as before' "$(differs /etc/origin/master/scheduler.json)"
    item 'catalog-console.js is there' "$(head -n 5 /etc/origin/master/openshift-ansible-catalog-console.js 2>&1 | grep -v '^window.OPENSHIFT_CONSTANTS')"
    for name in api controllers; do
        item "sysconfig of $name as before" "$(differs "/etc/sysconfig/atomic-openshift-master-$name")"
    done
    for name in healthz healthz/ready; do
        body=$(curl -s --max-time 5 --cacert /etc/origin/master/ca-bundle.crt "https://$(hostname):8443/$name" 2>&1)
        item "API: $name" "$([ "$body" = ok ] || echo "'$body'")"
    done
    body=$(curl -s --max-time 5 --cacert /etc/origin/master/ca-bundle.crt "https://localhost:8444/healthz" 2>&1)
    item 'controllers: healthz' "$([ "$body" = ok ] || echo "'$body'")"
    item 'API is 3.7.23' "$(v=$(oc --config=/etc/origin/master/admin.kubeconfig version 2>&1 | grep ^openshift); [ "$v" = 'openshift v3.7.23' ] || echo "$v")"
}

node_state() {
    item 'node-config.yaml as before' "$(differs /etc/origin/node/node-config.yaml)"
    item 'sysconfig of node as before, with its proxy' "$(differs /etc/sysconfig/atomic-openshift-node)"
    docker_state
}

leftovers() {
    item 'no temporary things left' "$(find /etc /var/lib/etcd /tmp /var/tmp /usr/lib/systemd -maxdepth 3 \( -name '*ocpdg*' ! -name '.ocpdg-before-*' -o -name 'etcd.restore*' \) 2>/dev/null | head -n 5; find /etc/systemd/system -name temp.conf)"
    item 'data directory holds member and backups only' "$(if has etcd; then find /var/lib/etcd -mindepth 1 -maxdepth 1 ! -name member ! -name 'openshift-backup-*' ! -name lost+found ! -name '.ocpdg-before-*'; fi)"
    item 'no yum lock' "$(cat /var/run/yum.pid 2>/dev/null)"
}

packages
repositories
! has nodes || excludes
units
! has etcd || etcd_state
! has masters || master_state
! has nodes || node_state
leftovers
rm -rf "$facts"
