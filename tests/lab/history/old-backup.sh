# On a member: what upgrades of 2017 left behind.
set -euo pipefail
exec </dev/null
for stamp in 20170612093011 20171120140522; do
    dir=/var/lib/etcd/openshift-backup-pre-upgrade-$stamp
    ETCDCTL_API=2 etcdctl backup --data-dir /var/lib/etcd --backup-dir "$dir"
    cp -a /var/lib/etcd/member/snap/db "$dir/member/snap/db"
    chmod 0700 "$dir"
    day=${stamp:0:4}-${stamp:4:2}-${stamp:6:2}
    find "$dir" -exec touch -d "$day ${stamp:8:2}:${stamp:10:2}:${stamp:12:2}" {} +
done
