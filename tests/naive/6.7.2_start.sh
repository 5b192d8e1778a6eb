# 6.7.2 Restoring etcd for v3, steps 4 and 5.
chown -R etcd.etcd /var/lib/etcd/
restorecon -Rv /var/lib/etcd
systemctl start etcd
