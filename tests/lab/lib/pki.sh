# shellcheck shell=bash
# Two authorities, etcd's and OpenShift's, and certificates with the names that are dialled.

pki_ca() {
    local dir=$1 name=$2
    mkdir -p "$dir"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1825 -subj "/CN=$name" \
        -keyout "$dir/ca.key" -out "$dir/ca.crt" 2>/dev/null
}

# pki_cert CA_DIR PREFIX CN SAN: PREFIX.crt and PREFIX.key, for server and client.
pki_cert() {
    local ca=$1 prefix=$2 name=$3 san=$4
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
        -keyout "$prefix.key" -out "$prefix.csr" 2>/dev/null
    openssl x509 -req -in "$prefix.csr" -CA "$ca/ca.crt" -CAkey "$ca/ca.key" -days 1825 \
        -set_serial "0x$(openssl rand -hex 8)" -out "$prefix.crt" 2>/dev/null \
        -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\n' "$san")
    rm -f "$prefix.csr"
}
