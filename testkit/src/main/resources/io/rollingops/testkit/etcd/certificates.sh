#!/bin/sh
# Makes certificates for tests with openssl, in the current folder:
#   certificates.sh authority NAME                       -> NAME.pem, NAME.key
#   certificates.sh issue AUTHORITY NAME CN FROM UNTIL   -> NAME.pem, NAME.key
# Keys are EC in the PKCS#8 form; a key that is there is used. FROM and UNTIL are UTC as in 20260101000000Z.
# Each certificate is good for a server on 127.0.0.1 or localhost, and for a client.
set -eu

new_key() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2> /dev/null
}

case $1 in
  authority)
    name=$2
    new_key "$name"
    openssl req -new -x509 -key "$name.key" -subj "/CN=$name" -days 3650 -out "$name.pem"
    ;;
  issue)
    authority=$2 name=$3 cn=$4 from=$5 until=$6
    [ -e "$name.key" ] || new_key "$name"
    openssl req -new -key "$name.key" -subj "/CN=$cn" -out "$name.csr"
    : > "$authority.index"
    cat > "$authority.cnf" <<CONFIG
[ca]
default_ca = tests
[tests]
database = $authority.index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = anything
x509_extensions = both
unique_subject = no
[anything]
commonName = supplied
[both]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = IP:127.0.0.1,DNS:localhost
CONFIG
    openssl ca -batch -notext -config "$authority.cnf" -cert "$authority.pem" -keyfile "$authority.key" \
      -in "$name.csr" -out "$name.pem" -startdate "$from" -enddate "$until" 2> "$name.log" || {
      cat "$name.log" >&2
      exit 1
    }
    ;;
  *)
    echo "unknown: $1" >&2
    exit 2
    ;;
esac
