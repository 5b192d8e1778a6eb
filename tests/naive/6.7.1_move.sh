# 6.7.1 Restoring etcd v2 and v3 data, steps 1 and 2: "To back up the current etcd data before you delete the
# directory".
systemctl stop etcd.service
mv /var/lib/etcd /var/lib/etcd.old
mkdir /var/lib/etcd
chown -R etcd.etcd /var/lib/etcd/
restorecon -Rv /var/lib/etcd/
