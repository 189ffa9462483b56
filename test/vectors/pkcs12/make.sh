#!/bin/sh
# How the files beside this were made, by OpenSSL 3.0: sh make.sh, in this folder.
set -e
keys=../keys
days='-days 36500'
password='pässwörd'
openssl req -x509 -new -key $keys/rsa2048-3.pem -out root.tmp -subj '/CN=Example Root' $days
printf 'basicConstraints=critical,CA:TRUE\n' > ca.tmp
openssl req -new -key $keys/rsa2048-2.pem -out middle.csr.tmp -subj '/CN=Example Issuing CA'
openssl x509 -req -in middle.csr.tmp -CA root.tmp -CAkey $keys/rsa2048-3.pem -set_serial 2 -out middle.tmp $days -extfile ca.tmp
openssl req -new -key $keys/rsa2048-1.pem -out leaf.csr.tmp -subj '/CN=printer.example.com'
openssl x509 -req -in leaf.csr.tmp -CA middle.tmp -CAkey $keys/rsa2048-2.pem -set_serial 3 -out leaf.tmp $days
cat root.tmp middle.tmp > chain.tmp
pkcs12() { name=$1; shift; openssl pkcs12 -export -inkey $keys/rsa2048-1.pem -in leaf.tmp -certfile chain.tmp -name 'Büro 1' -passout "pass:$password" -out "$name.p12" "$@"; }
pkcs12 modern
pkcs12 modern-sha512 -macalg sha512 -certpbe AES-128-CBC -keypbe AES-192-CBC
pkcs12 legacy -legacy
pkcs12 legacy-rc2-128 -legacy -certpbe PBE-SHA1-RC2-128 -keypbe PBE-SHA1-RC2-128
pkcs12 legacy-few-rounds -legacy -iter 100
password=''
pkcs12 no-password
password='pässwörd'
{ cat $keys/rsa2048-1.pem leaf.tmp chain.tmp; } > key-and-chain.pem
{ openssl pkcs8 -topk8 -in $keys/rsa2048-1.pem -passout "pass:$password"; cat leaf.tmp middle.tmp; } > encrypted-key-and-chain.pem
{ openssl rsa -in $keys/rsa2048-1.pem -traditional; cat leaf.tmp; } > pkcs1-and-certificate.pem
{ openssl rsa -in $keys/rsa2048-1.pem -traditional -aes128 -passout "pass:$password"; cat leaf.tmp; } > old-encryption.pem
rm ./*.tmp
