# On a member: a backup as the upgrade playbooks make it, tag in TAG: v2 backup, then the db, hot.
# etcdctl 3.2 leaves v3's entries in the log; this one strips them unless told otherwise, and then takes the db's lock.
set -euo pipefail
exec </dev/null
dir=/var/lib/etcd/openshift-backup-$TAG$(date +%Y%m%d%H%M%S)
copy=$(mktemp -d)
cp -a /var/lib/etcd/member "$copy"
ETCDCTL_API=2 etcdctl backup --with-v3 --data-dir "$copy" --backup-dir "$dir"
rm -r "$copy"
cp -a /var/lib/etcd/member/snap/db "$dir/member/snap/db"
chmod 0700 "$dir"
echo "$dir"
