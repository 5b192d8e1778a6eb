# 6.7.1.1 Fixing the peerURLs parameter, step 1: "Get the member ID using etcdctl member list".
etcdctl member list
