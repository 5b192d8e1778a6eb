# On the first master: what the API says.
item() {
    local bad
    bad=$(tr '\n\t' '  ' <<<"$2" | sed 's/ *$//')
    if [ -z "$bad" ]; then printf 'PASS\t%s\t\n' "$1"; else printf 'FAIL\t%s\t%s\n' "$1" "${bad:0:200}"; fi
}
ask() { timeout 20 oc --config=/etc/origin/master/admin.kubeconfig "$@" 2>&1; }
nodes=$(ask get nodes)
item 'all nodes Ready at v1.7.6' "$(for node in $NODE_NAMES; do grep -Eq "^$node +Ready +.*v1\.7\.6" <<<"$nodes" || { echo "$node:"; grep "^$node" <<<"$nodes" || echo 'not in the list'; }; done)"
for name in docker-registry router; do
    item "image of dc/$name is v3.7.23" "$(image=$(ask get -n default "dc/$name" -o json | jq -r '.spec.template.spec.containers[].image' 2>&1); [[ $image == *:v3.7.23 ]] || echo "$image")"
done
item 'oc adm diagnostics: no errors' "$(out=$(ask adm diagnostics); grep -q 'Completed with no errors' <<<"$out" || tail -n 3 <<<"$out")"
