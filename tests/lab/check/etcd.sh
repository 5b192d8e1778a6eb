# On the first member: etcd as a cluster, and the data in it.
item() {
    local bad
    bad=$(tr '\n\t' '  ' <<<"$2" | sed 's/ *$//')
    if [ -z "$bad" ]; then printf 'PASS\t%s\t\n' "$1"; else printf 'FAIL\t%s\t%s\n' "$1" "${bad:0:200}"; fi
}
v3() { ETCDCTL_API=3 timeout 10 /usr/libexec/lab/etcdctl --cert /etc/etcd/peer.crt --key /etc/etcd/peer.key --cacert /etc/etcd/ca.crt --command-timeout=5s --endpoints "$@" 2>&1; }
v2() { ETCDCTL_API=2 timeout 10 /usr/libexec/lab/etcdctl --cert-file /etc/etcd/peer.crt --key-file /etc/etcd/peer.key --ca-file /etc/etcd/ca.crt -C "$ENDPOINTS" "$@" 2>&1; }

list=$(v3 "$ENDPOINTS" member list)
item 'etcd: right count of members' "$([ "$(grep -c ', started, ' <<<"$list")" = "$(wc -w <<<"$MEMBERS")" ] && [ "$(wc -l <<<"$list")" = "$(wc -w <<<"$MEMBERS")" ] || echo "$list")"
item 'etcd: names and peer URLs' "$(for peer in $PEERS; do grep -qF ", ${peer%%=*}, ${peer#*=}, " <<<"$list" || echo "missing $peer"; done)"
item 'etcd: no localhost' "$(grep -E 'localhost|127\.0\.0\.1' <<<"$list")"
item 'etcd: no alarm' "$(v3 "$ENDPOINTS" alarm list)"

revisions=
for endpoint in ${ENDPOINTS//,/ }; do
    item "etcd: healthy ${endpoint#https://}" "$(out=$(v3 "$endpoint" endpoint health); grep -q 'is healthy' <<<"$out" || echo "$out")"
    item "etcd: a v3 write by ${endpoint#https://}" "$(out=$(v3 "$endpoint" put /ocpdg-lab/canary 1); [ "$out" = OK ] || echo "$out"; v3 "$endpoint" del /ocpdg-lab/canary >/dev/null)"
done
# The nodes write all the time: what is compared is one answer of all, again if it is between two.
for _ in 1 2 3 4 5 6; do
    status=$(v3 "$ENDPOINTS" endpoint status -w json)
    clusters=$(jq -r '.[].Status.header.cluster_id' <<<"$status" 2>&1 | sort -u)
    revisions=$(jq -r '.[].Status.header.revision' <<<"$status" 2>&1 | sort -u)
    [ "$(wc -l <<<"$revisions")" != 1 ] || break
    sleep 0.5
done
item 'etcd: one cluster' "$([ "$(wc -l <<<"$clusters")" = 1 ] || echo "$clusters")"
item 'etcd: same revision everywhere' "$([ "$(wc -l <<<"$revisions")" = 1 ] || echo "$revisions")"

for endpoint in ${ENDPOINTS//,/ }; do
    keys=$(v3 "$endpoint" get / --prefix --keys-only --consistency=s)
    name=${endpoint#https://}; name=${name%%.*}
    item "data: keys of before are there, $name" "$(for ((i = 1; i <= 10; i++)); do grep -qx "/kubernetes.io/configmaps/default/before-$i" <<<"$keys" || echo "before-$i"; done; grep -qx '/kubernetes.io/namespaces/logging' <<<"$keys" || echo namespaces)"
    item "data: keys of after are gone, $name" "$(grep -E '/(after|between)-|openshift-web-console' <<<"$keys" | head -n 3)"
done
if [ "$V2" = 1 ]; then
    item 'data: v2 keys of before are there' "$(for i in 1 2 3; do out=$(v2 get "/before/key-$i"); [ "$out" = "before-$i" ] || echo "$out"; done)"
    item 'data: v2 keys of after are gone' "$(v2 get /after/key-1 | grep -x after-1)"
fi
