# On a member: a backup as the upgrade playbooks make it, tag in TAG: v2 backup, then the db, hot.
set -euo pipefail
exec </dev/null
dir=/var/lib/etcd/openshift-backup-$TAG$(date +%Y%m%d%H%M%S)
ETCDCTL_API=2 etcdctl backup --data-dir /var/lib/etcd --backup-dir "$dir"
cp -a /var/lib/etcd/member/snap/db "$dir/member/snap/db"
chmod 0700 "$dir"
echo "$dir"
