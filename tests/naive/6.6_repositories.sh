# 6.6 Reinstalling the RPMs: "Disable the 3.8 and 3.9 repositories, and re-enable the 3.7 repository".
subscription-manager repos \
    --disable=rhel-7-server-ose-3.8-rpms \
    --disable=rhel-7-server-ose-3.9-rpms \
    --enable=rhel-7-server-ose-3.7-rpms
