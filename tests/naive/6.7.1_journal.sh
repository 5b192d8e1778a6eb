# 6.7.1 step 5, and 6.7.2 step 6: "Check for error messages".
journalctl -fu etcd.service
