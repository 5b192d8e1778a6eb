# shellcheck shell=bash
# The root file system every host starts from: Debian dressed as RHEL 7.

BASE=$LAB_DIR/base
PACKAGES=systemd,systemd-sysv,dbus,openssh-server,sudo,dnf,rpm,iproute2,iputils-ping,procps,policycoreutils,selinux-utils,curl,jq,python3,python3-yaml,less,hostname,netbase,ca-certificates,busybox-static,psmisc,openssl,bash-completion,etcd-server,etcd-client,util-linux

base_tar() {
    [ -e "$LAB_DIR/build/base.tar" ] && return
    note "building the base image (a minute or two)"
    mkdir -p "$LAB_DIR/build"
    mmdebstrap --quiet --format=tar --variant=minbase --include="$PACKAGES" \
        --aptopt='APT::Install-Recommends "false"' bookworm "$LAB_DIR/build/base.tar.part"
    mv "$LAB_DIR/build/base.tar.part" "$LAB_DIR/build/base.tar"
}

base_make() {
    local root=$BASE.part
    rm -rf "$root" "$BASE"
    mkdir -p "$root"
    tar -C "$root" --exclude='./dev/*' -xf "$LAB_DIR/build/base.tar"
    base_debian_off "$root"
    base_tools "$root"
    base_ssh "$root"
    base_rpm "$root"
    mv "$root" "$BASE"
}

# What Debian brings and a RHEL host of this lab must not have.
base_debian_off() {
    local root=$1 unit
    rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/resolv.conf" "$root"/usr/lib/systemd/system/etcd*.service
    rm -f "$root"/etc/systemd/system/multi-user.target.wants/etcd* "$root/etc/systemd/system/etcd2.service"
    rm -rf "$root/var/lib/etcd" "$root"/etc/default/etcd "$root"/etc/init.d/etcd* "$root"/etc/rc?.d/*etcd*
    : >"$root/etc/machine-id"
    for unit in systemd-timesyncd.service systemd-networkd.service systemd-journal-flush.service \
        apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
        console-getty.service getty@tty1.service getty.target systemd-logind.service \
        systemd-random-seed.service systemd-resolved.service; do
        ln -sfn /dev/null "$root/etc/systemd/system/$unit"
    done
    mkdir -p "$root/usr/libexec/lab"
    mv "$root/usr/bin/etcd" "$root/usr/libexec/lab/etcd"
    mv "$root/usr/bin/etcdctl" "$root/usr/libexec/lab/etcdctl"
}

base_tools() {
    local root=$1 tool
    install -m 0755 "$LAB_HOME"/standins/lib/* "$root/usr/libexec/lab/"
    for tool in "$LAB_HOME"/standins/bin/*; do
        install -m 0755 "$tool" "$root/usr/bin/${tool##*/}"
    done
    cp "$LAB_HOME"/standins/units/* "$root/usr/lib/systemd/system/"
    # As on RHEL 7: what a package brings is not enabled.
    printf 'disable *\n' >"$root/usr/lib/systemd/system-preset/99-default-disable.preset"
    mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
    ln -sf /usr/lib/systemd/system/lab-address.service \
        "$root/etc/systemd/system/multi-user.target.wants/lab-address.service"
    printf 'Red Hat Enterprise Linux Server release 7.5 (Maipo)\n' >"$root/etc/redhat-release"
    rm -f "$root/etc/os-release"
    printf 'NAME="Red Hat Enterprise Linux Server"\nVERSION_ID="7.5"\nID="rhel"\nID_LIKE="fedora"\n' >"$root/etc/os-release"
    printf '[Journal]\nStorage=persistent\nSystemMaxUse=64M\n' >"$root/etc/systemd/journald.conf"
    mkdir -p "$root/etc/sysconfig" "$root/srv/repos" "$root/var/log/journal"
}

base_ssh() {
    local root=$1
    mkdir -p "$LAB_DIR/ssh"
    [ -e "$LAB_DIR/ssh/id_ed25519" ] ||
        ssh-keygen -q -t ed25519 -N '' -C ocpdg-lab -f "$LAB_DIR/ssh/id_ed25519"
    chroot "$root" useradd -m -s /bin/bash -p '*' ocp
    printf 'ocp ALL=(ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/ocp"
    chmod 0440 "$root/etc/sudoers.d/ocp"
    install -d -m 0700 "$root/root/.ssh"
    install -d -m 0700 "$root/home/ocp/.ssh"
    install -m 0600 "$LAB_DIR/ssh/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
    install -m 0600 "$LAB_DIR/ssh/id_ed25519.pub" "$root/home/ocp/.ssh/authorized_keys"
    chroot "$root" chown -R ocp:ocp /home/ocp/.ssh
    printf 'UseDNS no\nPermitRootLogin prohibit-password\nUsePAM no\nPasswordAuthentication no\nMaxStartups 100\n' \
        >"$root/etc/ssh/sshd_config.d/lab.conf"
    mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
    ln -sfn /usr/lib/systemd/system/ssh.service "$root/etc/systemd/system/sshd.service"
}

base_rpm() {
    local root=$1
    mkdir -p "$root/etc/rpm"
    printf '%%_dbpath /var/lib/rpm\n' >"$root/etc/rpm/macros.lab"
    mkdir -p "$root/var/lib/rpm" "$root/etc/yum.repos.d"
    rm -f "$root/etc/dnf/dnf.conf"
    cat >"$root/etc/yum.conf" <<'CONF'
[main]
cachedir=/var/cache/yum/$basearch/$releasever
keepcache=0
debuglevel=2
logfile=/var/log/yum.log
exactarch=1
obsoletes=1
gpgcheck=0
plugins=1
installonly_limit=3
best=True
install_weak_deps=False
clean_requirements_on_remove=False
reposdir=/etc/yum.repos.d
releasever=7Server
CONF
    mkdir -p "$root/etc/dnf"
    ln -s ../yum.conf "$root/etc/dnf/dnf.conf"
}
