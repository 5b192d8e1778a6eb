# On a master: what the 3.9 playbooks do to the configuration, with the copies they leave.
set -euo pipefail
exec </dev/null
cd /etc/origin/master
copy() { cp -p "$1" "$1.$(date +%Y%m%dT%H%M%S)"; }
core_copy() { cp -p "$1" "$1.$$.$(date '+%Y-%m-%d@%H:%M:%S~')"; }

copy master-config.yaml
sed -i 's/^  defaultNodeSelector: .*/  defaultNodeSelector: node-role.kubernetes.io\/compute=true/' master-config.yaml
core_copy scheduler.json
sed -i 's/NoVolumeNodeConflict/CheckVolumeBinding/' scheduler.json
for name in api controllers; do
    core_copy "/etc/sysconfig/atomic-openshift-master-$name"
    sed -i 's,container-platform/3.7/,container-platform/3.9/,' "/etc/sysconfig/atomic-openshift-master-$name"
done
sleep 1.1
copy master-config.yaml
python3 - <<'PY'
import re
with open("master-config.yaml", encoding="utf-8") as file:
    text = file.read()
with open("master-config.yaml", "w", encoding="utf-8") as file:
    file.write(re.sub(r"(?m)^assetConfig:\n(?:[ -].*\n)*", "", text))
PY
rm -f openshift-ansible-catalog-console.js
