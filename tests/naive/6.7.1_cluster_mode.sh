# 6.7.1 Restoring etcd v2 and v3 data, step 7: "Restart the etcd service in cluster mode".
rm -f /etc/systemd/system/etcd.service.d/temp.conf
systemctl daemon-reload
systemctl restart etcd
