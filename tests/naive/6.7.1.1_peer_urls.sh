# 6.7.1.1 Fixing the peerURLs parameter, steps 2 to 4.
ss -l4n | grep 2380
etcdctl2 member update 5ee217d17301 https://192.168.55.8:2380
etcdctl2 member list
