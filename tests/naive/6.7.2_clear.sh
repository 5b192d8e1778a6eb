# 6.7.2 Restoring etcd for v3, steps 1 and 2: "Clear all old data, because etcdctl recreates it".
systemctl stop etcd.service
rm -Rf /var/lib/etcd
